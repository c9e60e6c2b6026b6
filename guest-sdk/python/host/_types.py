"""Values for which Python has no type: ranges, arrays that do not begin at 1, and what has no other form."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Range:
    """A range such as `int4range` or `tstzrange`. `None` is a bound that is not there.

    PostgreSQL gives ranges of whole numbers and dates back as `[)`, however they were written. As a parameter it has the
    type that the statement needs there, like a quoted literal; elsewhere write `$1::int4range`.

    >>> import datetime
    >>> print(Range(1, 10), Range(1, 10, "[]"), Range(None, 5), Range.EMPTY)
    [1,10) [1,10] (,5) empty
    >>> print(Range(datetime.date(2026, 1, 1)))
    [2026-01-01,)
    >>> Range(1, 10).lower, Range(1, 10).upper_inclusive
    (1, False)
    """

    lower: Any = None
    upper: Any = None
    bounds: Literal["[)", "[]", "(]", "()"] = "[)"
    """Which ends belong to it, the way PostgreSQL writes it. One that is not there never does."""
    empty: bool = False
    """Whether it has no points."""
    EMPTY: ClassVar[Range]
    """The range without points."""

    @property
    def lower_inclusive(self) -> bool:
        """Whether the lower bound belongs to it."""
        return self.lower is not None and self.bounds[0] == "["

    @property
    def upper_inclusive(self) -> bool:
        """Whether the upper bound belongs to it."""
        return self.upper is not None and self.bounds[1] == "]"

    def __str__(self) -> str:
        if self.empty:
            return "empty"
        left, right = "[" if self.lower_inclusive else "(", "]" if self.upper_inclusive else ")"
        return f"{left}{_bound(self.lower)},{_bound(self.upper)}{right}"


Range.EMPTY = Range(empty=True)


def _bound(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = number(value)
    elif isinstance(value, datetime.datetime):
        text = value.isoformat(" ")
    else:
        text = str(value)
    if text.isascii() and text.replace("-", "").replace(".", "").replace("+", "").isalnum():
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(value: Decimal) -> str:
    """A number as PostgreSQL reads it, with all of its digits.

    >>> number(Decimal("1.500")), number(Decimal("1E+3")), number(Decimal("-Infinity")), number(Decimal("sNaN"))
    ('1.500', '1000', '-Infinity', 'NaN')
    """
    if value.is_finite():
        return format(value, "f")
    return "NaN" if value.is_nan() else "Infinity" if value > 0 else "-Infinity"


class Array(list[Any]):
    """An array whose indexes do not begin at 1, which is rare. All others are plain lists, or lists of lists.

    >>> Array([1, 2], lower_bounds=[0])
    Array([1, 2], lower_bounds=(0,))
    """

    def __init__(self, items: Iterable[Any] = (), lower_bounds: Iterable[int] = (1,)) -> None:
        super().__init__(items)
        self.lower_bounds = tuple(lower_bounds)
        """The first index of each dimension, the outermost one first."""

    def __repr__(self) -> str:
        return f"Array({super().__repr__()}, lower_bounds={self.lower_bounds})"


@dataclass(frozen=True, slots=True)
class Raw:
    """A value of a type that has no other form here, such as a composite: its bytes as the server sends them. It can be
    passed back as it is. A text that the type reads can be passed as `str`.

    >>> Raw(b"\\x00\\x01", type_oid=600).data
    b'\\x00\\x01'
    """

    data: bytes
    """The value."""
    type_oid: int = 0
    """Its type in `pg_type`; 0 lets the server decide."""
    text: bool = False
    """Whether `data` is what the type prints and reads; otherwise it is what the type sends and receives."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result."""

    name: str
    """The name, as the statement gives it."""
    type_oid: int
    """The type in `pg_type`."""
    type_name: str
    """The type's name, such as `int4`, `text[]` or `order_status`."""
    table_oid: int
    """The table that it comes from, or 0."""
    attnum: int
    """Its number in that table, or 0."""
