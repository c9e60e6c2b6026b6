"""Removes from a component what only debuggers read: names of functions, DWARF, the tools that made it. Python's own
tracebacks need none of that.

    python3 strip.py COMPONENT RESULT
"""

import sys
from pathlib import Path

HEADER_BYTES = 8
CUSTOM = 0
#: Sections of a component that are a module or a component again. In a module these numbers mean something else.
NESTED = (1, 4)
#: The linker needs no names, and nobody else reads them; `dylink.0` and what says of what type a component is stay.
DROPPED = ("name", "producers", "component-name", "target_features")


def number(data: bytes, place: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7


def encoded(value: int) -> bytes:
    """The number as unsigned LEB128."""
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


def is_dropped(body: bytes) -> bool:
    length, place = number(body, 0)
    name = body[place : place + length].decode()
    return name in DROPPED or name.startswith((".debug_", "reloc."))


def stripped(data: bytes) -> bytes:
    """The module or component without these sections."""
    is_component = data[4:HEADER_BYTES] != b"\1\0\0\0"
    result, place = bytearray(data[:HEADER_BYTES]), HEADER_BYTES
    while place < len(data):
        section = data[place]
        size, start = number(data, place + 1)
        body = data[start : start + size]
        place = start + size
        if section == CUSTOM and is_dropped(body):
            continue
        if is_component and section in NESTED:
            body = stripped(body)
        result.append(section)
        result += encoded(len(body))
        result += body
    return bytes(result)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(stripped(Path(sys.argv[1]).read_bytes()))
