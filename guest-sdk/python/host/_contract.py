"""The types of the contract (`wit/migration.wit`) in the form that the bindings of componentize-py work with. The runtime
puts them into the place of the generated ones.

The bindings call the constructor of a case for each value that comes in, and look at the type and the attribute `value`
of each one that goes out. So a constructor gives the Python value itself, and nothing has to go through a result again;
what goes out is made by `new` in `_lower`. That is three times as fast as the generated dataclasses."""

from __future__ import annotations

import enum
from typing import Any

from . import _errors, _lift, _types
from ._calendar import Interval
from ._lift import Lift


class Case:
    """A value on its way out: the type says which case of the variant it is."""

    __slots__ = ("value",)
    value: Any


def _case(name: str, lift: Lift) -> type[Case]:
    return type(name, (Case,), {"__slots__": (), "__new__": staticmethod(lift), "__doc__": f"The case {name}."})


Null = _case("Scalar_Null", _lift.null)
Boolean = _case("Scalar_Boolean", _lift.same)
Int2 = _case("Scalar_Int2", _lift.same)
Int4 = _case("Scalar_Int4", _lift.same)
Int8 = _case("Scalar_Int8", _lift.same)
Float4 = _case("Scalar_Float4", _lift.same)
Float8 = _case("Scalar_Float8", _lift.same)
Numeric = _case("Scalar_Numeric", _lift.numeric)
Text = _case("Scalar_Text", _lift.same)
Bytea = _case("Scalar_Bytea", _lift.same)
DateCase = _case("Scalar_Date", _lift.date)
TimeCase = _case("Scalar_Time", _lift.time)
TimetzCase = _case("Scalar_Timetz", _lift.timetz)
TimestampCase = _case("Scalar_Timestamp", _lift.timestamp)
TimestamptzCase = _case("Scalar_Timestamptz", _lift.timestamptz)
IntervalCase = _case("Scalar_Interval", _lift.same)
UuidCase = _case("Scalar_Uuid", _lift.same)
JsonCase = _case("Scalar_Json", _lift.json)
JsonbCase = _case("Scalar_Jsonb", _lift.jsonb)
Other = _case("Scalar_Other", _lift.other)

ValueScalar = _case("Value_Scalar", _lift.same)
ValueArray = _case("Value_Array", _lift.same)
ValueRange = _case("Value_Range", _lift.same)


class Format(enum.Enum):
    """How the bytes of a raw value are written."""

    TEXT = 0
    BINARY = 1


class Limit(enum.Enum):
    """A limit of host."""

    ROWS = 0
    BYTES = 1
    STATEMENT_TIME = 2
    TOTAL_TIME = 3
    OPEN_HANDLES = 4


def _exceeded(_: type, limit: Limit) -> _errors.Exceeded:
    return _errors.Exceeded(limit.name.lower().replace("_", "-"))


def _error(name: str, cause: type[_errors.HostError]) -> type[Case]:
    def lift(_: type, why: str) -> _errors.HostError:
        return cause(why)

    return _case(f"Error_{name}", lift)


ErrorSql = _case("Error_Sql", _lift.same)
ErrorExceeded = _case("Error_Exceeded", _exceeded)
#: The errors that are nothing but a text.
ERRORS = {
    cause: _error(cause.__name__, cause)
    for cause in (_errors.BadParams, _errors.Conversion, _errors.Denied, _errors.Offline, _errors.Misuse)
}

#: By the names that the generated module `wit_world.imports.types` has for them.
TYPES: dict[str, Any] = {
    **{case.__name__: case for case in Case.__subclasses__()},
    "Uuid": _lift.uuid,
    "Interval": Interval,
    "TimeTz": _lift.time_tz,
    "Format": Format,
    "Raw": _lift.raw,
    "ArrayDim": _lift.dim,
    "Array": _lift.array,
    "Bound": _lift.Bound,
    "Range": _lift.range_,
    "Column": _types.Column,
    "SqlError": _errors.SqlError,
    "Limit": Limit,
}


class Halves:
    """A UUID on its way out."""

    __slots__ = ("hi", "lo")

    def __init__(self, number: int) -> None:
        self.hi = number >> 64
        self.lo = number & 0xFFFF_FFFF_FFFF_FFFF


class Dim:
    """One dimension of an array on its way out."""

    __slots__ = ("len", "lower")

    def __init__(self, length: int, lower: int) -> None:
        self.len = length
        self.lower = lower


class Elements:
    """An array on its way out."""

    __slots__ = ("dims", "element", "items")

    def __init__(self, element: int, dims: list[Dim], items: list[Case]) -> None:
        self.element = element
        self.dims = dims
        self.items = items


class Bytes:
    """A raw value on its way out."""

    __slots__ = ("data", "format", "type_oid")

    def __init__(self, value: _types.Raw) -> None:
        self.type_oid = value.type_oid
        self.format = Format.TEXT if value.text else Format.BINARY
        self.data = value.data
