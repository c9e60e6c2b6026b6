"""Big tables: rows out of cursors and into tables, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from types import TracebackType
from typing import Any, NamedTuple, Self

from . import _bridge, _lower, _tuples
from ._errors import Misuse
from ._rows import Row, row_class
from ._sql import call, query, text
from ._types import Column

_ROWS_AT_ONCE = 5_000
_BYTES_AT_ONCE = 4 << 20


class Tuples(NamedTuple):
    """Rows in PostgreSQL's binary form: the layout of binary COPY without its header and trailer."""

    rows: int
    """The number of rows."""
    data: bytes
    """The rows, for `struct` and `memoryview`."""


class Cursor:
    """A query whose rows stay on the server and come some thousand at a time; made by `cursor`. It shows the rows as they were when it
    was opened. It is closed at the end of its `with`, or by `close`."""

    def __init__(self, handle: Any, sql: str) -> None:
        self._open: Any = handle
        self._sql = sql
        self._columns: list[Column] | None = None

    @property
    def _handle(self) -> Any:
        if self._open is None:
            raise Misuse("the cursor is closed")
        return self._open

    @property
    def columns(self) -> list[Column]:
        """The columns of its rows."""
        if self._columns is not None:
            return self._columns
        columns: list[Column] = call(self._handle.columns)
        self._columns = columns
        return columns

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(iter(lambda: self.fetch(_ROWS_AT_ONCE), []))

    def fetch(self, rows: int) -> list[Row]:
        """The next rows, at most so many; none at the end."""
        columns = self.columns
        row = row_class(tuple([column.name for column in columns]))
        types = tuple([column.type_oid for column in columns])
        if not _tuples.is_readable(types):
            return list(map(row, call(self._handle.fetch_rows, _count(rows))))
        fetched = self.fetch_tuples(rows)
        made: list[Any] = _tuples.reader(types, row)(fetched.data, fetched.rows)
        return made

    def fetch_tuples(self, rows: int, size: int = _BYTES_AT_ONCE) -> Tuples:
        """The next rows as they come from the server, at most so many and of so many bytes; none at the end."""
        fetched = call(self._handle.fetch_tuples, _count(rows), _count(size))
        return Tuples(fetched.rows, fetched.data)

    def close(self) -> None:
        """Closes it. Only needed without `with`."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def cursor(sql: str, *params: Any) -> Cursor:
    """Opens a cursor for one query. Other statements may run while it is open, and other cursors.

    ```python
    with host.cursor("SELECT id, phone FROM guests") as guests:
        for id, phone in guests:
            ...
    ```
    """
    return Cursor(call(_bridge.bulk.open_cursor, text(sql), _lower.row(params)), sql)


class _Target:
    """Where rows go, in the form of the contract."""

    __slots__ = ("columns", "schema", "table")

    def __init__(self, schema: str | None, table: str, columns: list[str]) -> None:
        self.schema = schema
        self.table = table
        self.columns = columns


class CopyIn:
    """Writes rows into a table by COPY; made by `copy_into`. At the end of its `with` the rows are written, or, after an exception, none
    of them. The host gathers rows and sends some megabytes at a time, so an error of the server may come later than its row."""

    def __init__(self, handle: Any, columns: tuple[tuple[str, int], ...], table: str) -> None:
        self._open: Any = handle
        self._table = table
        # Rows of other types, such as arrays, go as values, of which host makes what the columns need.
        self._writer = _tuples.writer(columns) if _tuples.is_readable([kind for _, kind in columns]) else None
        self.written = 0
        """How many rows were written in all, when it is finished."""

    @property
    def _handle(self) -> Any:
        if self._open is None:
            raise Misuse(f"the copy into {self._table} has ended")
        return self._open

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Writes rows. `rows` may be a generator: some thousand are in memory at a time."""
        iterator = iter(rows)
        while batch := list(islice(iterator, _ROWS_AT_ONCE)):
            if self._writer is not None:
                self.write_tuples(Tuples(*self._writer(batch)))
            else:
                call(self._handle.write_rows, [_lower.row(row) for row in batch])

    def write_tuples(self, tuples: Tuples) -> None:
        """Writes rows in binary form, as `Cursor.fetch_tuples` gives them."""
        call(self._handle.write_tuples, tuples)

    def finish(self) -> int:
        """Sends what is left, ends it, and gives the number of rows written in all. The end of `with` does the same."""
        self.written = call(self._handle.finish)
        self.close()
        return self.written

    def close(self) -> None:
        """Ends it; what was not finished leaves nothing."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._open is not None:
                self.finish()
        finally:
            self.close()


#: The columns of a table with the types below all domains; types that are written as text have the number of text.
_TYPES = """
    WITH RECURSIVE types AS (
        SELECT a.attname, t.oid, t.typtype, t.typbasetype, t.typcategory
          FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
         WHERE a.attrelid = $1::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT d.attname, t.oid, t.typtype, t.typbasetype, t.typcategory
          FROM types AS d JOIN pg_catalog.pg_type AS t ON d.typtype = 'd' AND t.oid = d.typbasetype
    )
    SELECT attname::text AS name,
           CASE WHEN typtype = 'e' OR typcategory = 'S' AND oid >= 16384 THEN 25 ELSE oid::bigint END AS type
      FROM types WHERE typtype <> 'd'
"""


def copy_into(table: str, columns: Sequence[str], *, schema: str | None = None) -> CopyIn:
    """Begins to write rows into columns of a table.

    ```python
    with host.copy_into("phones", ["guest", "digits"]) as phones:
        phones.write((id, phone.replace(" ", "")) for id, phone in guests)
    ```
    """
    types = column_types(schema, table, columns)
    handle = call(_bridge.bulk.copy_in, target(schema, table, [name for name, _ in types]))
    return CopyIn(handle, tuple(types), table)


def column_types(schema: str | None, table: str, columns: Sequence[str]) -> list[tuple[str, int]]:
    """The columns of a table with their types."""
    names = [text(name) for name in columns]
    qualified = ".".join(_quoted(part) for part in (schema, table) if part is not None)
    found: dict[str, int] = dict(query(_TYPES, qualified))
    types: list[tuple[str, int]] = []
    for name in names:
        if name not in found:
            raise Misuse(f"{table} has no column '{name}': it has {', '.join(found)}")
        types.append((name, found[name]))
    return types


def target(schema: str | None, table: str, columns: list[str]) -> Any:
    """Where rows go, in the form of the contract."""
    return _Target(schema, text(table), columns)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _count(number: int) -> int:
    return max(0, min(number, 0xFFFF_FFFF))
