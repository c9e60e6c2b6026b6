"""From the contract to Python. The bindings call one of these for each value that comes from host: the constructors of
the classes in `_contract`, which have the class as their first argument."""

from __future__ import annotations

import datetime
import ipaddress
import uuid as uuids
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from ._calendar import Date, Time, TimeTz, Timestamp, Timestamptz
from ._json import Json, Jsonb
from ._types import Array, Range, Raw

Lift = Callable[..., Any]

EPOCH_DAY = datetime.date(2000, 1, 1).toordinal()
EPOCH = datetime.datetime(2000, 1, 1)
EPOCH_UTC = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
_DAYS_MIN, _DAYS_MAX = 1 - EPOCH_DAY, datetime.date.max.toordinal() - EPOCH_DAY
_DAY_MICROS = 86_400_000_000
_delta = datetime.timedelta
_from_day = datetime.date.fromordinal

# `{}.get(class, value)` is the value, and `{}.get(class)` is None, without a frame of Python's own.
_nothing: dict[Any, Any] = {}
same: Lift = _nothing.get
null: Lift = _nothing.get


def numeric(_: type, text: str) -> Decimal:
    return Decimal(text)


def date(_: type, days: int) -> datetime.date | Date:
    return _from_day(days + EPOCH_DAY) if _DAYS_MIN <= days <= _DAYS_MAX else Date(days)


def time(_: type, micros: int) -> datetime.time | Time:
    return (EPOCH + _delta(0, 0, micros)).time() if micros < _DAY_MICROS else Time(micros)


def timetz(_: type, value: tuple[int, int]) -> datetime.time | TimeTz:
    micros, offset = value
    if micros >= _DAY_MICROS:
        return TimeTz(micros, offset)
    zone = datetime.timezone(_delta(seconds=offset))
    return (EPOCH + _delta(0, 0, micros)).time().replace(tzinfo=zone)


def timestamp(_: type, micros: int) -> datetime.datetime | Timestamp:
    try:
        return EPOCH + _delta(0, 0, micros)
    except OverflowError:
        return Timestamp(micros)


def timestamptz(_: type, micros: int) -> datetime.datetime | Timestamptz:
    try:
        return EPOCH_UTC + _delta(0, 0, micros)
    except OverflowError:
        return Timestamptz(micros)


def uuid(high: int, low: int) -> uuids.UUID:
    return uuids.UUID(int=high << 64 | low)


def time_tz(micros: int, offset_secs: int) -> tuple[int, int]:
    return micros, offset_secs


def json(_: type, text: str) -> Json:
    return Json.parse(text)


def jsonb(_: type, text: str) -> Jsonb:
    return Jsonb.parse(text)


class Bound(NamedTuple):
    """One end of a range."""

    value: Any
    inclusive: bool


def range_(element: int, empty: bool, lower: Bound | None, upper: Bound | None) -> Range:
    if empty:
        return Range.EMPTY
    left = "[" if lower and lower.inclusive or lower is None else "("
    right = "]" if upper and upper.inclusive else ")"
    bounds: Any = left + right
    return Range(lower and lower.value, upper and upper.value, bounds)


def array(element: int, dims: list[tuple[int, int]], items: list[Any]) -> list[Any]:
    if len(dims) > 1:
        for length, _ in reversed(dims[1:]):
            items = [items[start : start + length] for start in range(0, len(items), length)]
    bounds = [lower for _, lower in dims]
    return Array(items, bounds) if any(lower != 1 for lower in bounds) else items


def dim(length: int, lower: int) -> tuple[int, int]:
    return length, lower


# pg_type.dat: oid, xid, cid and the reg… types are numbers of four bytes.
_NUMBERS = frozenset({24, 26, 28, 29, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191})
_TEXT_FORMAT = 0


def other(_: type, raw: Raw) -> Any:
    """What has no case of its own: numbers of objects, addresses and bits in a form of Python, the rest as it is."""
    decode = _OTHER.get(raw.type_oid)
    return raw if decode is None or raw.text else decode(raw.data)


def raw(type_oid: int, format: Any, data: bytes) -> Raw:
    return Raw(data, type_oid, format.value == _TEXT_FORMAT)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _text(data: bytes) -> str:
    return data.decode()


def _jsonpath(data: bytes) -> str:
    return data[1:].decode()


def _bits(data: bytes) -> str:
    count = int.from_bytes(data[:4], "big")
    return f"{int.from_bytes(data[4:], 'big'):0{8 * len(data[4:])}b}"[:count] if count else ""


def _mac(data: bytes) -> str:
    return data.hex(":")


def _address(data: bytes) -> Any:
    address, bits = ipaddress.ip_address(data[4:]), data[1]
    if data[2]:
        return ipaddress.ip_network((address, bits))
    return address if bits == address.max_prefixlen else ipaddress.ip_interface((address, bits))


def _vector(data: bytes) -> list[int]:
    count, size = int.from_bytes(data[12:16], "big"), int.from_bytes(data[20:24], "big")
    places = range(24, 24 + count * (size + 4), size + 4)
    return [int.from_bytes(data[place : place + size], "big", signed=size == 2) for place in places]


_OTHER: dict[int, Callable[[bytes], Any]] = {
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys((22, 30), _vector),
    142: _text,
    650: _address,
    774: _mac,
    829: _mac,
    869: _address,
    1560: _bits,
    1562: _bits,
    4072: _jsonpath,
}
