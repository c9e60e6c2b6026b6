"""What PostgreSQL sends for types that the contract has no form for: multiranges and hstore."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import host
from sqlalchemy.dialects.postgresql import ranges

# rangetypes.h
_EMPTY, _LOWER_IN, _UPPER_IN, _LOWER_INFINITE, _UPPER_INFINITE = 0x01, 0x02, 0x04, 0x08, 0x10
_EPOCH = datetime.datetime(2000, 1, 1)
_DAY = _EPOCH.toordinal()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def take(self, count: int) -> bytes:
        self._place += count
        return self._data[self._place - count : self._place]

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "big", signed=True)


def _whole(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def _numeric(data: bytes) -> Decimal:
    reader = _Reader(data)
    count, weight, sign, scale = (reader.number(2) for _ in range(4))
    digits = sum(reader.number(2) * Decimal(10000) ** (weight - place) for place in range(count))
    value = Decimal(digits).quantize(Decimal(1).scaleb(-scale))
    return -value if sign else value


def _moment(data: bytes) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(microseconds=_whole(data))


def _moment_utc(data: bytes) -> datetime.datetime:
    return _moment(data).replace(tzinfo=datetime.timezone.utc)


def _date(data: bytes) -> datetime.date:
    return datetime.date.fromordinal(_DAY + _whole(data))


#: pg_type.dat: the multiranges, and how the bounds of their ranges are read.
MULTIRANGES: dict[int, Callable[[bytes], Any]] = {
    4451: _whole,
    4532: _numeric,
    4533: _moment,
    4534: _moment_utc,
    4535: _date,
    4536: _whole,
}


def multirange(value: Any) -> Any:
    """The ranges of a multirange."""
    if not isinstance(value, host.Raw) or value.text:
        return value
    read, reader = MULTIRANGES[value.type_oid], _Reader(value.data)
    parts = [_one_range(_Reader(reader.take(reader.number())), read) for _ in range(reader.number())]
    return ranges.MultiRange(parts)


def _one_range(reader: _Reader, read: Callable[[bytes], Any]) -> ranges.Range[Any]:
    flags = reader.number(1)
    if flags & _EMPTY:
        return ranges.Range(empty=True)
    lower = None if flags & _LOWER_INFINITE else read(reader.take(reader.number()))
    upper = None if flags & _UPPER_INFINITE else read(reader.take(reader.number()))
    left, right = "[" if flags & _LOWER_IN else "(", "]" if flags & _UPPER_IN else ")"
    bounds: Any = left + right
    return ranges.Range(lower, upper, bounds=bounds)


def hstore(value: Any) -> Any:
    """The keys and values of an hstore."""
    if not isinstance(value, host.Raw) or value.text:
        return value
    reader = _Reader(value.data)
    found: dict[str, str | None] = {}
    for _ in range(reader.number()):
        key = reader.take(reader.number()).decode()
        size = reader.number()
        found[key] = None if size < 0 else reader.take(size).decode()
    return found
