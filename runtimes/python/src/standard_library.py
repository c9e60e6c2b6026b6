"""What a migration may import. All of it is loaded when the runtime is built, because there are no files when it runs."""

import importlib
import importlib.resources
import io
import zoneinfo
import zoneinfo._common
from importlib.resources.abc import Traversable

_MODULES = """
abc array ast base64 binascii bisect calendar cmath codecs collections collections.abc colorsys configparser contextlib
contextvars copy copyreg csv dataclasses datetime decimal difflib email.utils enum errno fnmatch fractions functools
gettext graphlib hashlib heapq hmac html html.entities html.parser inspect io ipaddress itertools json keyword linecache
locale logging math numbers operator os os.path pathlib pickle posixpath pprint queue quopri random re reprlib secrets
shlex statistics string string.templatelib stringprep struct symtable sys textwrap threading time token tokenize tomllib
traceback types typing unicodedata urllib.parse uuid warnings weakref xml.etree.ElementTree xml.sax.saxutils zlib zoneinfo
encodings.ascii encodings.base64_codec encodings.big5 encodings.cp1250 encodings.cp1251 encodings.cp1252 encodings.cp1253
encodings.cp1254 encodings.cp437 encodings.cp850 encodings.euc_jp encodings.euc_kr encodings.gb18030 encodings.gbk
encodings.hex_codec encodings.idna encodings.iso8859_1 encodings.iso8859_15 encodings.iso8859_2 encodings.iso8859_5
encodings.iso8859_7 encodings.iso8859_9 encodings.koi8_r encodings.latin_1 encodings.mac_roman encodings.punycode
encodings.raw_unicode_escape encodings.rot_13 encodings.shift_jis encodings.unicode_escape encodings.utf_16
encodings.utf_16_be encodings.utf_16_le encodings.utf_32 encodings.utf_8 encodings.utf_8_sig
"""
#: Files of `tzdata` that are no zones.
_NO_ZONES = ("__init__.py", "__pycache__", "iso3166.tab", "leapseconds", "tzdata.zi", "zone.tab", "zone1970.tab", "zonenow.tab")


def load() -> None:
    """Imports all of it, and makes the time zones a part of the runtime."""
    for name in _MODULES.split():
        importlib.import_module(name)
    zones: dict[str, bytes] = {}
    _read_zones(importlib.resources.files("tzdata.zoneinfo"), "", zones, {})

    def load_zone(key: str) -> io.BytesIO:
        if key not in zones:
            raise zoneinfo.ZoneInfoNotFoundError(f"there is no time zone '{key}'")
        return io.BytesIO(zones[key])

    zoneinfo._common.load_tzdata = load_zone
    zoneinfo.available_timezones = lambda: set(zones)
    zoneinfo.reset_tzpath(())


def _read_zones(folder: Traversable, prefix: str, zones: dict[str, bytes], known: dict[bytes, bytes]) -> None:
    """Zones that are the same under several names lie in memory once."""
    for entry in folder.iterdir():
        if entry.name in _NO_ZONES:
            continue
        if entry.is_dir():
            _read_zones(entry, f"{prefix}{entry.name}/", zones, known)
        else:
            content = entry.read_bytes()
            zones[prefix + entry.name] = known.setdefault(content, content)
