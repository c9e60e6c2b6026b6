"""Rows in PostgreSQL's binary form: for each row the number of its fields, and before each field its length, -1 for NULL
(PostgreSQL manual, "COPY", "Binary Format").

For each list of types a function is written that reads or writes all their rows. One call of `struct` takes all fields up to the
next one of varying length, which is several times as fast as a field at a time."""

from __future__ import annotations

import datetime
import struct
import uuid
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from . import _lift
from ._calendar import Date, Interval, Time, Timestamp, Timestamptz
from ._errors import BadParams, Conversion
from ._json import Json, Jsonb
from ._lift import EPOCH, EPOCH_DAY, EPOCH_UTC

Reader = Callable[[bytes, int], list[tuple[Any, ...]]]
Writer = Callable[[Iterable[Sequence[Any]]], tuple[int, bytes]]

_BOOL, _BYTEA, _NAME, _INT8, _INT2, _INT4, _TEXT, _OID = 16, 17, 19, 20, 21, 23, 25, 26
_JSON, _FLOAT4, _FLOAT8, _BPCHAR, _VARCHAR = 114, 700, 701, 1042, 1043
_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ, _INTERVAL = 1082, 1083, 1114, 1184, 1186
_NUMERIC, _UUID, _JSONB = 1700, 2950, 3802
#: What is written and read as its text: enumerations and types of extensions have numbers of their own, and `copy_into` gives them this one.
TEXT = _TEXT

#: The form of `struct` for types of one length.
_FIXED = {
    _BOOL: "?",
    _INT2: "h",
    _INT4: "i",
    _INT8: "q",
    _OID: "I",
    _FLOAT4: "f",
    _FLOAT8: "d",
    _DATE: "i",
    _TIME: "q",
    _TIMESTAMP: "q",
    _TIMESTAMPTZ: "q",
    _UUID: "16s",
    _INTERVAL: "16s",
}
_NULL = -1
_HEAD = struct.Struct(">h")
_LENGTH = struct.Struct(">i")
_INTERVAL_FORM = struct.Struct(">qii")
_NUMERIC_FORM = struct.Struct(">hhHh")


def _uuid_of(data: bytes) -> uuid.UUID:
    return uuid.UUID(bytes=data)


def _interval_of(data: bytes) -> Interval:
    micros, days, months = _INTERVAL_FORM.unpack(data)
    return Interval(months, days, micros)


def _date_of(days: int) -> datetime.date | Date:
    return _lift.date(int, days)


def _time_of(micros: int) -> datetime.time | Time:
    return _lift.time(int, micros)


def _timestamp_of(micros: int) -> datetime.datetime | Timestamp:
    return _lift.timestamp(int, micros)


def _timestamptz_of(micros: int) -> datetime.datetime | Timestamptz:
    return _lift.timestamptz(int, micros)


def _numeric_of(data: bytes) -> Decimal:
    count, weight, sign, scale = _NUMERIC_FORM.unpack_from(data)
    if sign not in (0, 0x4000):
        return Decimal({0xC000: "NaN", 0xD000: "Infinity"}.get(sign, "-Infinity"))
    digits = struct.unpack_from(f">{count}h", data, 8)
    number = 0
    for digit in digits:
        number = number * 10_000 + digit
    exponent = 4 * (weight - count + 1)
    # What lies behind the scale are zeros.
    shift = exponent + scale
    number = number * 10**shift if shift >= 0 else number // 10**-shift
    return Decimal((1 if sign else 0, tuple(map(int, str(number))), -scale))


def _jsonb_of(data: bytes) -> Jsonb:
    return Jsonb.parse(data[1:].decode())


def _json_of(data: bytes) -> Json:
    return Json.parse(data.decode())


#: What becomes of what `struct` gives, and of the bytes of a field of varying length. Nothing is itself.
_READ: dict[int, Callable[[Any], Any]] = {
    _DATE: _date_of,
    _TIME: _time_of,
    _TIMESTAMP: _timestamp_of,
    _TIMESTAMPTZ: _timestamptz_of,
    _UUID: _uuid_of,
    _INTERVAL: _interval_of,
    _NUMERIC: _numeric_of,
    _JSON: _json_of,
    _JSONB: _jsonb_of,
}
_TEXTS = frozenset({_TEXT, _NAME, _BPCHAR, _VARCHAR})
_READABLE = frozenset({*_FIXED, *_TEXTS, _BYTEA, _NUMERIC, _JSON, _JSONB})


def is_readable(types: Iterable[int]) -> bool:
    """Whether rows of these types can be read in binary form."""
    return _READABLE.issuperset(types)


_readers: dict[tuple[tuple[int, ...], type], Reader] = {}
_writers: dict[tuple[tuple[str, int], ...], Writer] = {}


def reader(types: tuple[int, ...], row: type) -> Reader:
    """A function from the bytes of rows of these types, and their number, to rows."""
    key = types, row
    if key not in _readers:
        _readers[key] = _compile_reader(types, row)
    return _readers[key]


def _compile_reader(types: tuple[int, ...], row: type) -> Reader:
    names: dict[str, Any] = {"row": row, "slow": partial(_read_row, types)}
    lines = ["def read(data, count):", " rows = []", " add = rows.append", f" data += bytes({32 * len(types) + 8})", " at = 0"]
    lines.append(" for _ in range(count):")
    body: list[str] = []
    form, size = ">h", 2
    taken: list[str] = ["_"]
    tests: list[str] = []

    def flush() -> None:
        nonlocal form, taken, tests, size
        name = f"unpack_{len(names)}"
        names[name] = struct.Struct(form).unpack_from
        body.append(f"{', '.join(taken)}, = {name}(data, next)")
        if tests:
            body.append(f"if {' or '.join(tests)}:")
            body.append(" values, at = slow(data, at); add(row(values)); continue")
        body.append(f"next += {size}")
        form, size, taken, tests = ">", 0, [], []

    values: list[str] = []
    for place, kind in enumerate(types):
        fixed = _FIXED.get(kind)
        form += "i"
        taken.append(f"l{place}")
        size += 4
        value = f"v{place}"
        convert = _READ.get(kind)
        if convert is not None:
            names[f"convert_{place}"] = convert
        if fixed is not None:
            width = struct.calcsize(">" + fixed)
            form += fixed
            taken.append(value)
            tests.append(f"l{place} != {width}")
            size += width
            values.append(value if convert is None else f"convert_{place}({value})")
            continue
        flush()
        end = f"next + l{place}"
        read = f"data[next:{end}]" if kind not in _TEXTS else f"str(data[next:{end}], 'utf-8')"
        if convert is not None:
            read = f"convert_{place}({read})"
        body.append(f"if l{place} < 0: {value} = None")
        body.append(f"else: {value} = {read}; next = {end}")
        values.append(value)
    if taken:
        flush()
    body.insert(0, "next = at")
    body.append(f"add(row(({', '.join(values)},)))" if values else "add(row(()))")
    body.append("at = next")
    lines += ["  " + line for line in body]
    lines.append(" return rows")
    exec("\n".join(lines), names)
    made: Reader = names["read"]
    return made


def _read_row(types: tuple[int, ...], data: bytes, at: int) -> tuple[list[Any], int]:
    """One row, field by field: some of them are NULL."""
    values: list[Any] = []
    at += _HEAD.size
    for kind in types:
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if length == _NULL:
            values.append(None)
            continue
        field = data[at : at + length]
        at += length
        fixed = _FIXED.get(kind)
        value: Any = str(field, "utf-8") if kind in _TEXTS else field
        if fixed is not None:
            (value,) = struct.unpack(">" + fixed, field)
        convert = _READ.get(kind)
        values.append(value if convert is None else convert(value))
    return values, at


def _days(value: Any) -> int:
    return value.days if isinstance(value, Date) else value.toordinal() - EPOCH_DAY


def _clock(value: Any) -> int:
    if isinstance(value, Time):
        return value.micros
    if value.tzinfo is not None:
        raise TypeError("a time with a zone is no time without one")
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond  # type: ignore[no-any-return]


def _micros(value: Any) -> int:
    if isinstance(value, (Timestamp, Timestamptz)):
        return value.micros
    delta = value - (EPOCH if value.tzinfo is None else EPOCH_UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds  # type: ignore[no-any-return]


def _local(value: Any) -> int:
    if getattr(value, "tzinfo", None) is not None:
        raise TypeError("a moment with a zone is no timestamp without one")
    return _micros(value)


def _moment(value: Any) -> int:
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        raise TypeError("a datetime without a zone is no moment: give it a tzinfo")
    return _micros(value)


def _truth(value: bool) -> bool:
    # `struct` takes anything for a truth value, NULL for false.
    if value is True or value is False:
        return value
    raise TypeError("it is no bool")


def _uuid_bytes(value: uuid.UUID) -> bytes:
    return value.bytes


def _interval_bytes(value: Interval | datetime.timedelta) -> bytes:
    interval = Interval.of(value) if isinstance(value, datetime.timedelta) else value
    return _INTERVAL_FORM.pack(interval.micros, interval.days, interval.months)


def _numeric_bytes(value: Decimal | int | float) -> bytes:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        sign = 0xC000 if number.is_nan() else 0xF000 if number.is_signed() else 0xD000
        return _NUMERIC_FORM.pack(0, 0, sign, 0)
    negative, digits, exponent = number.as_tuple()
    scale = max(-int(exponent), 0)
    text = "".join(map(str, digits)) + "0" * max(int(exponent), 0)
    whole, fraction = (text[: len(text) - scale], text[len(text) - scale :].rjust(scale, "0")) if scale else (text, "")
    whole = whole.lstrip("0")
    whole = whole.rjust(-(-len(whole) // 4) * 4, "0")
    fraction = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int((whole + fraction)[start : start + 4]) for start in range(0, len(whole) + len(fraction), 4)]
    weight = len(whole) // 4 - 1
    while groups and groups[0] == 0:
        del groups[0]
        weight -= 1
    while groups and groups[-1] == 0:
        del groups[-1]
    sign = 0x4000 if negative and groups else 0
    return _NUMERIC_FORM.pack(len(groups), weight if groups else 0, sign, scale) + struct.pack(f">{len(groups)}h", *groups)


def _data(value: bytes | bytearray | memoryview[int]) -> bytes:
    # bytes(5) are five zeros.
    if isinstance(value, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
        return bytes(value)
    raise TypeError("it is no bytes")


def _some(value: Any) -> None:
    # The null of JSON is Json(None).
    if value is None:
        raise TypeError("it is NULL")


def _json_bytes(value: Any) -> bytes:
    _some(value)
    return (value.text if isinstance(value, Json) else Json(value).text).encode()


def _jsonb_bytes(value: Any) -> bytes:
    _some(value)
    return b"\1" + (value.text if isinstance(value, Jsonb) else Jsonb(value).text).encode()


#: How a value is given to `struct`, or becomes the bytes of a field of varying length.
_WRITE: dict[int, Callable[[Any], Any]] = {
    _BOOL: _truth,
    _DATE: _days,
    _TIME: _clock,
    _TIMESTAMP: _local,
    _TIMESTAMPTZ: _moment,
    _UUID: _uuid_bytes,
    _INTERVAL: _interval_bytes,
    _NUMERIC: _numeric_bytes,
    _JSON: _json_bytes,
    _JSONB: _jsonb_bytes,
    _BYTEA: _data,
    **dict.fromkeys(_TEXTS, str.encode),
}


def writer(columns: tuple[tuple[str, int], ...]) -> Writer:
    """A function from rows of columns with these names and types to their number and their bytes."""
    if columns not in _writers:
        _writers[columns] = _compile_writer(columns)
    return _writers[columns]


def _compile_writer(columns: tuple[tuple[str, int], ...]) -> Writer:
    names: dict[str, Any] = {"slow": partial(_write_row, columns), "join": b"".join}
    values = [f"v{place}" for place in range(len(columns))]
    parts: list[str] = []
    prepare: list[str] = []
    form, given = ">h", [str(len(columns))]

    def flush() -> None:
        nonlocal form, given
        name = f"pack_{len(names)}"
        names[name] = struct.Struct(form).pack
        parts.append(f"{name}({', '.join(given)})")
        form, given = ">", []

    for place, (_, kind) in enumerate(columns):
        value, fixed = f"v{place}", _FIXED.get(kind)
        convert = _WRITE.get(kind)
        if convert is not None:
            names[f"convert_{place}"] = convert
            prepare.append(f"w{place} = convert_{place}({value})")
            value = f"w{place}"
        form += "i"
        if fixed is not None:
            form += fixed
            given += [str(struct.calcsize(">" + fixed)), value]
        else:
            given.append(f"len({value})")
            flush()
            parts.append(value)
    if given:
        flush()
    lines = ["def write(rows):", " made = []", " add = made.append", " count = 0", " for given in rows:", "  count += 1", "  try:"]
    lines.append(f"   {', '.join(values)}, = given")
    lines += ["   " + line for line in prepare]
    lines.append(f"   add(join(({', '.join(parts)},)))")
    lines.append("  except Exception: add(slow((count, given)))")
    lines.append(" return count, join(made)")
    exec("\n".join(lines), names)
    made: Writer = names["write"]
    return made


def _write_row(columns: tuple[tuple[str, int], ...], given: tuple[int, Sequence[Any]]) -> bytes:
    """One row, field by field: some of them are NULL, or wrong."""
    number, row = given
    if len(row) != len(columns):
        raise BadParams(f"row {number} has {len(row)} values, the target {len(columns)} columns")
    parts = [_HEAD.pack(len(columns))]
    for value, (name, kind) in zip(row, columns):
        if value is None:
            parts.append(_LENGTH.pack(_NULL))
            continue
        try:
            convert, fixed = _WRITE.get(kind), _FIXED.get(kind)
            converted = value if convert is None else convert(value)
            field = struct.pack(">" + fixed, converted) if fixed is not None else converted
        except (TypeError, ValueError, AttributeError, ArithmeticError, struct.error) as error:
            raise Conversion(
                f"column {name} of row {number}: {_shown(value)} does not fit into its type ({error})"
            ) from None
        parts += [_LENGTH.pack(len(field)), field]
    return b"".join(parts)


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:79] + "…"
