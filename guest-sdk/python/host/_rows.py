"""The rows of a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Any, SupportsIndex

from ._errors import Conversion
from ._types import Column

#: The classes of rows, by the names of their columns: making a class takes longer than reading a row.
_CLASSES: dict[tuple[str, ...], type[Row]] = {}
_STATEMENT_CHARACTERS_MAX = 80
_AMBIGUOUS = -1
_at: Callable[..., Any] = tuple[Any, ...].__getitem__


class Row(tuple[Any, ...]):
    """A row: a tuple whose values also have the names of their columns.

    >>> row = Row.of(["id", "name", "order"], [7, "soup", 2])
    >>> row[0], row["name"], row.order
    (7, 'soup', 2)
    >>> number, name, _ = row
    >>> row
    Row(id=7, name='soup', order=2)
    >>> row.price
    Traceback (most recent call last):
    AttributeError: there is no column 'price': the columns are id, name, order
    """

    __slots__ = ()
    _places: dict[str, int] = {}
    if TYPE_CHECKING:
        # Names of columns come before the methods of a tuple.
        count: Any
        index: Any

    @staticmethod
    def of(names: Iterable[str], values: Iterable[Any]) -> Row:
        """A row with these columns, for tests."""
        return row_class(tuple(names))(values)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return _at(self, self._place(key, KeyError))
        return _at(self, key)

    def __getattr__(self, name: str) -> Any:
        return _at(self, self._place(name, AttributeError))

    def as_dict(self) -> dict[str, Any]:
        """The values by the names of their columns.

        >>> Row.of(["id", "name"], [7, "soup"]).as_dict()
        {'id': 7, 'name': 'soup'}
        """
        return {name: _at(self, self._place(name, KeyError)) for name in self._places}

    def _place(self, name: str, error: type[Exception]) -> SupportsIndex:
        place = self._places.get(name)
        if place is None:
            raise error(f"there is no column '{name}': the columns are {', '.join(self._places)}") from None
        if place == _AMBIGUOUS:
            raise error(f"several columns are called '{name}': use their places, or AS") from None
        return place

    def __repr__(self) -> str:
        if _AMBIGUOUS in self._places.values():
            return f"Row{tuple(self)!r}"
        return f"Row({', '.join(f'{name}={value!r}' for name, value in zip(self._places, self))})"

    def __reduce__(self) -> Any:
        return Row.of, (tuple(self._places), tuple(self))


class Rows(list[Row]):
    """All rows of a result, in the server's order: a list that also knows its columns when it is empty."""

    columns: list[Column]
    """The columns."""


def row_class(names: tuple[str, ...]) -> type[Row]:
    """The class of rows with these columns."""
    found = _CLASSES.get(names)
    if found is not None:
        return found
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        places[name] = _AMBIGUOUS if name in places else place
    # `count` and `index` are methods of a tuple, and frequent names of columns.
    own = {name: property(itemgetter(place)) for name, place in places.items() if _is_plain(name, place)}
    made: type[Row] = type("Row", (Row,), {"__slots__": (), "_places": places, **own})
    _CLASSES[names] = made
    return made


def _is_plain(name: str, place: int) -> bool:
    return place != _AMBIGUOUS and name.isidentifier() and not name.startswith("_")


def rows_of(result: Any) -> Rows:
    """The rows of what a query gave."""
    columns: list[Column] = result.columns
    rows = Rows(map(row_class(tuple([column.name for column in columns])), result.rows))
    rows.columns = columns
    return rows


def one(rows: Rows, sql: str) -> Row:
    """The one row that there has to be."""
    if len(rows) != 1:
        raise Conversion(f"one row was wanted, and {len(rows)} came from: {_cut(sql)}")
    return rows[0]


def optional(rows: Rows, sql: str) -> Row | None:
    """The one row that there may be."""
    if len(rows) > 1:
        raise Conversion(f"one row at most was wanted, and {len(rows)} came from: {_cut(sql)}")
    return rows[0] if rows else None


def _cut(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= _STATEMENT_CHARACTERS_MAX else text[: _STATEMENT_CHARACTERS_MAX - 1] + "…"
