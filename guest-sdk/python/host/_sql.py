"""Statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self

from . import _bridge, _lower
from ._errors import Misuse
from ._rows import Row, Rows, one, optional, rows_of
from ._types import Column

#: How many rows of `execute_many` go to host at a time. All of them lie in the guest's memory and in host's.
_ROWS_AT_ONCE = 1000


def call(function: Callable[..., Any], *args: Any) -> Any:
    """Calls host. The error is raised as one of the SDK's, without the one of the bindings, which says nothing more."""
    try:
        return function(*args)
    except _bridge.Err as error:
        failure = error
    raise failure.value from None  # type: ignore[attr-defined]


def text(sql: str) -> str:
    """A statement or a name, if it is a text of characters."""
    if not isinstance(sql, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a statement is a str, not {type(sql).__name__}")
    return _lower.characters(sql)


def execute(sql: str, *params: Any) -> int:
    """Runs one statement and gives the number of rows that it touched. Parameters are `$1`, `$2`, …

    ```python
    gone = host.execute("DELETE FROM visits WHERE guests < $1", 1)
    ```
    """
    number: int = call(_bridge.sql.execute, text(sql), _lower.row(params))
    return number


def execute_script(sql: str) -> None:
    """Runs many statements, separated by semicolons, without parameters. It stops at the first one that fails.

    ```python
    host.execute_script(\"\"\"
        CREATE TABLE dishes (id integer PRIMARY KEY, name text NOT NULL);
        CREATE INDEX dishes_name ON dishes (name);
    \"\"\")
    ```
    """
    call(_bridge.sql.execute_script, text(sql))


def query(sql: str, *params: Any) -> Rows:
    """Runs one statement and gives all its rows. For small results: past a limit of host it raises `Exceeded`.

    ```python
    for id, name in host.query("SELECT id, name FROM dishes WHERE id > $1", 10):
        print(id, name)
    ```
    """
    return rows_of(call(_bridge.sql.query, text(sql), _lower.row(params)))


def query_one(sql: str, *params: Any) -> Row:
    """Runs one statement that must give exactly one row; otherwise it raises `Conversion`.

    ```python
    dishes = host.query_one("SELECT count(*) FROM dishes").count
    ```
    """
    return one(query(sql, *params), sql)


def query_optional(sql: str, *params: Any) -> Row | None:
    """Runs one statement that must give one row or none; otherwise it raises `Conversion`.

    ```python
    menu = host.query_optional("SELECT id FROM menus WHERE day = current_date")
    ```
    """
    return optional(query(sql, *params), sql)


def execute_many(sql: str, rows: Iterable[Sequence[Any]]) -> int:
    """Runs one statement once for each row of parameters, and gives the rows touched in all. `rows` may be a generator:
    a thousand are in memory at a time.

    ```python
    host.execute_many("INSERT INTO dishes VALUES ($1, $2)", [(1, "soup"), (2, "bread")])
    ```
    """
    with prepare(sql) as statement:
        return statement.execute_many(rows)


def prepare(sql: str) -> Statement:
    """Prepares one statement for repeated use. The server decides the types of its parameters.

    ```python
    with host.prepare("SELECT id FROM dishes WHERE name = $1") as find:
        for name in names:
            row = find.query_optional(name)
    ```
    """
    return Statement(call(_bridge.sql.prepare, text(sql)), sql)


class Statement:
    """A prepared statement, made by `prepare`. It is closed at the end of its `with`, or by `close`."""

    def __init__(self, handle: Any, sql: str) -> None:
        self._open: Any = handle
        self._sql = sql

    @property
    def _handle(self) -> Any:
        if self._open is None:
            raise Misuse("the statement is closed")
        return self._open

    @property
    def sql(self) -> str:
        """The text of the statement."""
        return self._sql

    def params(self) -> list[int]:
        """The types of its parameters in `pg_type`."""
        types: list[int] = call(self._handle.params)
        return types

    def columns(self) -> list[Column]:
        """The columns of its result; none for a statement without one."""
        columns: list[Column] = call(self._handle.columns)
        return columns

    def execute(self, *params: Any) -> int:
        """Runs it and gives the number of rows that it touched."""
        number: int = call(self._handle.execute, _lower.row(params))
        return number

    def execute_many(self, rows: Iterable[Sequence[Any]]) -> int:
        """Runs it once for each row of parameters, and gives the rows touched in all."""
        touched = 0
        for batch in _batches(rows):
            touched += call(self._handle.execute_many, [_lower.row(params) for params in batch])
        return touched

    def query(self, *params: Any) -> Rows:
        """Runs it and gives all its rows."""
        return rows_of(call(self._handle.query, _lower.row(params)))

    def query_one(self, *params: Any) -> Row:
        """Runs it; it must give exactly one row."""
        return one(self.query(*params), self._sql)

    def query_optional(self, *params: Any) -> Row | None:
        """Runs it; it must give one row or none."""
        return optional(self.query(*params), self._sql)

    def close(self) -> None:
        """Closes it. Only needed without `with`, where many are open."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _ROWS_AT_ONCE)):
        yield batch


class Savepoint:
    """An open savepoint, made by `savepoint`."""

    def __init__(self) -> None:
        self._open: Any = None
        self._released = False

    @property
    def _point(self) -> Any:
        if self._open is None:
            raise Misuse("the savepoint is not open: it is from the beginning to the end of its `with`")
        return self._open

    def rollback(self) -> None:
        """Undoes what was done since it began. It stays open."""
        call(self._point.rollback)

    def release(self) -> None:
        """Keeps what was done since it began, and ends it before its `with` ends."""
        call(self._point.release)
        self._released = True

    def __enter__(self) -> Self:
        if self._open is not None:
            raise Misuse("the savepoint is open already: make another one")
        self._open, self._released = call(_bridge.sql.begin_savepoint), False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None and not self._released:
                self.release()
        finally:
            # What was not released is rolled back.
            self._open.__exit__(None, None, None)
            self._open = None


def savepoint() -> Savepoint:
    """Begins a savepoint: what its block does is undone when the block raises, and kept otherwise.

    ```python
    try:
        with host.savepoint():
            host.execute("CREATE EXTENSION citext")
    except host.SqlError as error:
        host.log(f"without citext: {error}", "warn")
    ```
    """
    return Savepoint()
