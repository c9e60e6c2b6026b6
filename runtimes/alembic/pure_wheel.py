"""Makes wheels without compiled code of those that have some, for packages that work without it, or of which nothing but the name is needed.

    python3 pure_wheel.py WHEELS FOLDER

The new wheels lie in FOLDER, and pip takes them for every machine.
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

_COMPILED = (".so", ".pyd", ".dylib", ".c", ".cpp", ".h", ".hpp", ".pyx")
_TAG = "py3-none-any"


def pure(wheel: Path, folder: Path) -> Path:
    """The path of the new wheel."""
    name, version = wheel.name.split("-")[:2]
    made = folder / f"{name}-{version}-{_TAG}.whl"
    record = f"{name}-{version}.dist-info/RECORD"
    lines = []
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for path in old.namelist():
            if path.endswith(_COMPILED) or path == record:
                continue
            content = old.read(path)
            if path.endswith(".dist-info/WHEEL"):
                content = _for_every_machine(content.decode()).encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            lines.append(f"{path},sha256={digest},{len(content)}")
            new.writestr(zipfile.ZipInfo(path), content)
        new.writestr(zipfile.ZipInfo(record), "\n".join([*lines, f"{record},,", ""]))
    return made


def _for_every_machine(text: str) -> str:
    kept = [line for line in text.splitlines() if not line.startswith(("Tag:", "Root-Is-Purelib:"))]
    return "\n".join([*(line for line in kept if line), "Root-Is-Purelib: true", f"Tag: {_TAG}", ""])


if __name__ == "__main__":
    for found in sorted(Path(sys.argv[1]).glob("*.whl")):
        pure(found, Path(sys.argv[2]))
