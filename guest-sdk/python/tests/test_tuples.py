"""Rows in PostgreSQL's binary form."""

import datetime
import struct
import uuid
from decimal import Decimal
from typing import Any

import pytest

import host
from host import _tuples

UTC = datetime.timezone.utc
COLUMNS: list[tuple[str, int, list[Any]]] = [
    ("yes", 16, [True, False]),
    ("bytes", 17, [b"", b"\0\xff"]),
    ("large", 20, [-(1 << 63), (1 << 63) - 1]),
    ("small", 21, [-(1 << 15), 7]),
    ("name", 25, ["", "Grüße\0"]),
    ("middle", 23, [-(1 << 31), 0]),
    ("float", 701, [0.1, -0.0]),
    ("day", 1082, [datetime.date(1, 1, 1), host.Date.INFINITY]),
    ("clock", 1083, [datetime.time(23, 59, 59, 999_999), host.Time(86_400_000_000)]),
    ("local", 1114, [datetime.datetime(2026, 1, 1, 12), host.Timestamp.NEG_INFINITY]),
    ("moment", 1184, [datetime.datetime(2026, 1, 1, 12, tzinfo=UTC), host.Timestamptz.INFINITY]),
    ("word", 1043, ["a", "b"]),
    ("span", 1186, [host.Interval(1, 2, 3), host.Interval()]),
    ("number", 1700, [Decimal("-12345.6700"), Decimal("NaN")]),
    ("id", 2950, [uuid.UUID(int=1), uuid.UUID(int=(1 << 128) - 1)]),
    ("json", 114, [host.Json({"a": [1]}), host.Json(None)]),
    ("jsonb", 3802, [host.Jsonb({"ä": 1}), host.Jsonb([])]),
]
TYPES = tuple(kind for _, kind, _ in COLUMNS)


def columns(count: int) -> tuple[tuple[str, int], ...]:
    return tuple((name, kind) for name, kind, _ in COLUMNS[:count])


@pytest.mark.parametrize("count", range(1, len(COLUMNS) + 1))
def test_what_is_written_is_read(count: int) -> None:
    full = [tuple(values[number] for _, _, values in COLUMNS[:count]) for number in (0, 1)]
    nulls = [tuple(None if place == null else value for place, value in enumerate(full[0])) for null in range(count)]
    rows = [*full, *nulls, (None,) * count]
    written, data = _tuples.writer(columns(count))(iter(rows))
    assert written == len(rows)
    read = _tuples.reader(TYPES[:count], tuple)(data, len(rows))
    assert list(map(repr, read)) == list(map(repr, rows))


@pytest.mark.parametrize(
    "text", ["0", "0.00", "1", "-1", "10000", "9999.9999", "0.0001", "-0.00000001", "123456789012345678901234567890.5", "1E+10", "Infinity"]
)
def test_numbers_keep_their_digits(text: str) -> None:
    _, data = _tuples.writer((("n", 1700),))([(Decimal(text),)])
    ((number,),) = _tuples.reader((1700,), tuple)(data, 1)
    assert number == Decimal(text)
    assert "E" in text or str(number) == str(Decimal(text))


def test_the_layout_is_that_of_the_server() -> None:
    _, data = _tuples.writer((("id", 20), ("name", 25)))([(7, None)])
    assert data == struct.pack(">hiqi", 2, 8, 7, -1)
    # 12345.67, from numeric_send
    _, data = _tuples.writer((("n", 1700),))([(Decimal("12345.67"),)])
    assert data == struct.pack(">hihhHhhhh", 1, 14, 3, 1, 0, 2, 1, 2345, 6700)


@pytest.mark.parametrize(
    ("row", "error", "says"),
    [
        ((1,), host.BadParams, "row 2 has 1 values, the target 2 columns"),
        ((1 << 40, "x"), host.Conversion, "column id of row 2: 1099511627776 does not fit into its type"),
        ((1, 2), host.Conversion, "column name of row 2: 2 does not fit into its type"),
        ((7, 5), host.Conversion, "column name of row 2: 5 does not fit"),
        ((1, "\ud800"), host.Conversion, "column name of row 2"),
    ],
)
def test_a_value_that_does_not_fit_names_its_place(row: tuple[Any, ...], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        _tuples.writer((("id", 23), ("name", 25)))([(1, "a"), row])


def test_a_moment_needs_a_zone_and_a_local_time_has_none() -> None:
    for kind, value in [(1184, datetime.datetime(2026, 1, 1)), (1114, datetime.datetime(2026, 1, 1, tzinfo=UTC))]:
        with pytest.raises(host.Conversion):
            _tuples.writer((("at", kind),))([(value,)])


@pytest.mark.parametrize(("kind", "value"), [(16, 1), (17, 5), (25, b"x"), (1700, "x"), (2950, "x"), (1082, "2026-01-01"), (1186, 1)])
def test_nothing_is_converted_by_chance(kind: int, value: Any) -> None:
    with pytest.raises(host.Conversion, match="column c of row 1"):
        _tuples.writer((("c", kind),))([(value,)])
