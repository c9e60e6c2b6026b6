"""From Python to the contract: what becomes of a parameter."""

from __future__ import annotations

import datetime
import enum
import ipaddress
import uuid
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from . import _contract as contract
from ._calendar import Date, Interval, Time, TimeTz, Timestamp, Timestamptz
from ._contract import Case
from ._json import Json, Jsonb
from ._lift import EPOCH, EPOCH_DAY, EPOCH_UTC
from ._types import Array, Range, Raw, number

_DIMENSIONS_MAX = 6
_new: Callable[[type[Case]], Any] = object.__new__
_VALUE = contract.ValueScalar


def case(kind: type[Case], value: Any) -> Case:
    """A case with its value. The constructor of the class is for what comes in."""
    made: Case = _new(kind)
    made.value = value
    return made


# Nobody changes these, so one of each is enough.
_NULL = case(contract.Null, None)
_FALSE, _TRUE = case(contract.Boolean, False), case(contract.Boolean, True)
# A global is found faster than an attribute of a module.
_INT4, _INT8, _TEXT = contract.Int4, contract.Int8, contract.Text


def characters(text: str) -> str:
    """The text, if it has nothing but characters: a lone surrogate is none, and Python says so."""
    if not text.isascii():
        text.encode()
    return text


def _whole(number: int, bits: int, what: str) -> int:
    """A number that the contract has so many bits for. What does not fit would end the component."""
    if not isinstance(number, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{what} is a whole number, not {type(number).__name__}")
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise ValueError(f"{number} is out of range for {what}")
    return number


def _null(_: None) -> Case:
    return _NULL


def _bool(value: bool) -> Case:
    return _TRUE if value else _FALSE


def _int(value: int) -> Case:
    made: Case
    if -0x8000_0000 <= value <= 0x7FFF_FFFF:
        made = _new(_INT4)
    elif -0x8000_0000_0000_0000 <= value <= 0x7FFF_FFFF_FFFF_FFFF:
        made = _new(_INT8)
    else:
        return case(contract.Numeric, str(value))
    made.value = value
    return made


def _float(value: float) -> Case:
    return case(contract.Float8, value)


def _str(value: str) -> Case:
    made: Case = _new(_TEXT)
    made.value = value if value.isascii() else characters(value)
    return made


def _text_of(value: object) -> Case:
    return case(contract.Text, characters(str(value)))


def _bytes(value: bytes | bytearray | memoryview) -> Case:
    return case(contract.Bytea, bytes(value))


def _decimal(value: Decimal) -> Case:
    text = str(value)
    plain = "E" not in text and "N" not in text and "I" not in text
    return case(contract.Numeric, text if plain else number(value))


def _date(value: datetime.date) -> Case:
    return case(contract.DateCase, value.toordinal() - EPOCH_DAY)


def _far_date(value: Date) -> Case:
    return case(contract.DateCase, _whole(value.days, 32, "a date"))


def _datetime(value: datetime.datetime) -> Case:
    kind = contract.TimestampCase
    if value.tzinfo is None:
        delta = value - EPOCH
    else:
        delta = value - EPOCH_UTC
        kind = contract.TimestamptzCase
    # Faster than a division by a microsecond.
    return case(kind, (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds)


def _far_timestamp(value: Timestamp) -> Case:
    return case(contract.TimestampCase, _whole(value.micros, 64, "a timestamp"))


def _far_timestamptz(value: Timestamptz) -> Case:
    return case(contract.TimestamptzCase, _whole(value.micros, 64, "a timestamp"))


def _time(value: datetime.time) -> Case:
    micros = ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    offset = value.utcoffset()
    if value.tzinfo is None:
        return case(contract.TimeCase, micros)
    if offset is None:
        raise TypeError(f"the zone {value.tzinfo} has no offset without a date: use a fixed datetime.timezone")
    return case(contract.TimetzCase, TimeTz(micros, int(offset.total_seconds())))


def _far_time(value: Time) -> Case:
    return case(contract.TimeCase, _whole(value.micros, 64, "a time"))


def _far_timetz(value: TimeTz) -> Case:
    _whole(value.micros, 64, "a time")
    _whole(value.offset_secs, 32, "an offset")
    return case(contract.TimetzCase, value)


def _interval(value: Interval) -> Case:
    _whole(value.months, 32, "the months of an interval")
    _whole(value.days, 32, "the days of an interval")
    _whole(value.micros, 64, "the microseconds of an interval")
    return case(contract.IntervalCase, value)


def _timedelta(value: datetime.timedelta) -> Case:
    return _interval(Interval.of(value))


def _uuid(value: uuid.UUID) -> Case:
    return case(contract.UuidCase, contract.Halves(value.int))


def _json(value: Json) -> Case:
    return case(contract.JsonCase, characters(value.text))


def _jsonb(value: Jsonb) -> Case:
    return case(contract.JsonbCase, characters(value.text))


def _raw(value: Raw) -> Case:
    if not isinstance(value.data, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"the data of a Raw are bytes, not {type(value.data).__name__}")
    if not 0 <= value.type_oid < 1 << 32:
        raise ValueError(f"{value.type_oid} is not the number of a type")
    return case(contract.Other, contract.Bytes(value))


_SCALARS: dict[type, Callable[[Any], Case]] = {
    type(None): _null,
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    Decimal: _decimal,
    datetime.date: _date,
    datetime.datetime: _datetime,
    datetime.time: _time,
    datetime.timedelta: _timedelta,
    uuid.UUID: _uuid,
    ipaddress.IPv4Address: _text_of,
    ipaddress.IPv6Address: _text_of,
    ipaddress.IPv4Interface: _text_of,
    ipaddress.IPv6Interface: _text_of,
    ipaddress.IPv4Network: _text_of,
    ipaddress.IPv6Network: _text_of,
    Date: _far_date,
    Time: _far_time,
    TimeTz: _far_timetz,
    Timestamp: _far_timestamp,
    Timestamptz: _far_timestamptz,
    Interval: _interval,
    Json: _json,
    Jsonb: _jsonb,
    Range: _text_of,
    Raw: _raw,
}


def _scalar_of(value: Any) -> Callable[[Any], Case]:
    """How a value of some type is written: as its nearest base. What was found is remembered."""
    kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]
    found = _SCALARS.get(kind)
    if found is not None:
        return found
    for base in kind.__mro__[1:]:
        if base in _SCALARS:
            _SCALARS[kind] = _SCALARS[base]
            return _SCALARS[base]
    raise TypeError(f"a value of the type {kind.__name__} cannot be a parameter{_advice(value)}")


def _advice(value: Any) -> str:
    if isinstance(value, dict):
        return ": wrap it in host.Jsonb(…)"
    if isinstance(value, enum.Enum):
        return ": pass its value or its name"
    if isinstance(value, (set, frozenset)):
        return ": pass a list"
    return ""


#: The type of an array by its elements. Text and what is written as text leave it to the server.
_ELEMENTS: dict[type[Case], int] = {
    contract.Boolean: 16,
    contract.Bytea: 17,
    contract.Int8: 20,
    contract.Int4: 23,
    contract.Text: 0,
    contract.JsonCase: 114,
    contract.Float8: 701,
    contract.DateCase: 1082,
    contract.TimeCase: 1083,
    contract.TimestampCase: 1114,
    contract.TimestamptzCase: 1184,
    contract.IntervalCase: 1186,
    contract.TimetzCase: 1266,
    contract.Numeric: 1700,
    contract.UuidCase: 2950,
    contract.JsonbCase: 3802,
}
_WIDER = [contract.Int4, contract.Int8, contract.Numeric]


def _array(value: Sequence[Any]) -> contract.Elements:
    lengths, items = _flatten(value)
    cases = [_scalar_of(item)(item) for item in items]
    kinds = {type(item) for item in cases} - {contract.Null}
    if len(kinds) > 1:
        cases = _as_one(cases, kinds)
        kinds = {type(item) for item in cases} - {contract.Null}
    element = 0
    if kinds:
        kind = kinds.pop()
        element = cases[0].value.type_oid if kind is contract.Other and cases[0].value else _ELEMENTS.get(kind, 0)
    lower = value.lower_bounds if isinstance(value, Array) else (1,) * len(lengths)
    if items and len(lower) != len(lengths):
        raise ValueError(f"an array of {len(lengths)} dimensions has {len(lower)} lower bounds")
    firsts = [_whole(first, 32, "the lower bound of an array") for first in lower]
    dims = [contract.Dim(length, first) for length, first in zip(lengths, firsts)] if items else []
    return contract.Elements(element, dims, cases)


def _flatten(value: Sequence[Any]) -> tuple[list[int], list[Any]]:
    """The lengths of all dimensions, and the elements, row by row."""
    lengths, items = [len(value)], list(value)
    while items and all(isinstance(item, (list, tuple)) for item in items):
        if len(lengths) == _DIMENSIONS_MAX:
            raise ValueError(f"an array has more than {_DIMENSIONS_MAX} dimensions")
        if len({len(item) for item in items}) > 1:
            raise ValueError("the lists in a list have different lengths: an array needs equal ones")
        lengths.append(len(items[0]))
        items = [inner for item in items for inner in item]
    return lengths, items


def _as_one(cases: list[Case], kinds: set[type[Case]]) -> list[Case]:
    """Numbers of several kinds as the widest of them."""
    whole = kinds.issubset(_WIDER)
    if whole or kinds.issubset({contract.Int4, contract.Int8, contract.Float8}):
        wide = max(kinds, key=_WIDER.index) if whole else contract.Float8
        convert: Callable[[Any], Any] = str if wide is contract.Numeric else float if wide is contract.Float8 else int
        return [item if type(item) is contract.Null else case(wide, convert(item.value)) for item in cases]
    names = " and ".join(sorted(kind.__name__.removeprefix("Scalar_").lower() for kind in kinds))
    raise TypeError(f"an array has elements of one type, and here are {names}")


def value(given: Any) -> Case:
    """One parameter."""
    kind: type[Any] = type(given)  # pyright: ignore[reportUnknownVariableType]
    encode = _SCALARS.get(kind)
    made: Case
    if encode is not None:
        made = _new(_VALUE)
        made.value = encode(given)
    elif issubclass(kind, (list, tuple)):
        made = case(contract.ValueArray, _array(given))
    else:
        made = case(_VALUE, _scalar_of(given)(given))
    return made


def row(given: Iterable[Any]) -> list[Case]:
    """The parameters of one statement."""
    try:
        return [value(item) for item in given]
    except (TypeError, ValueError) as error:
        error.add_note(f"It is the parameter ${_place(given, error)}.")
        raise


def _place(given: Iterable[Any], error: Exception) -> int:
    for place, item in enumerate(given, 1):
        try:
            value(item)
        except type(error):
            return place
    return 0
