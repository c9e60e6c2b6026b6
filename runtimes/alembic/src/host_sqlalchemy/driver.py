"""A driver by PEP 249 over the SDK. There is one connection and one transaction, and both are host's: what commits is the end of
the migration, and what was rolled back without a savepoint makes it fail."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import host

from . import statements, values
from .errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
    translated,
)

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Binary",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]

apilevel = "2.0"
threadsafety = 0
#: `$1`. PEP 249 has no word for it; this one is SQLAlchemy's.
paramstyle = "numeric_dollar"
__version__ = "1.0"

Binary = bytes
Date, Time, Timestamp = datetime.date, datetime.time, datetime.datetime
DateFromTicks, TimestampFromTicks = datetime.date.fromtimestamp, datetime.datetime.fromtimestamp


def TimeFromTicks(ticks: float) -> datetime.time:
    """The time of day at a moment."""
    return datetime.datetime.fromtimestamp(ticks).time()


class _Types(frozenset[int]):
    """Types of PostgreSQL, any of which equals it."""

    def __eq__(self, other: object) -> bool:
        return other in self

    __hash__ = frozenset.__hash__


STRING, BINARY, NUMBER = _Types({19, 25, 1042, 1043}), _Types({17}), _Types({20, 21, 23, 700, 701, 1700})
DATETIME, ROWID = _Types({1082, 1083, 1114, 1184, 1266}), _Types({26})
#: Many statements with values of one kind are sent together from this number on; below it, preparing costs more.
_MANY = 3


def _call(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    except host.HostError as error:
        failure = translated(error)
    except (TypeError, ValueError) as error:
        failure = DataError(error)
    raise failure from None


class Cursor:
    """Runs statements and holds the rows of the last one."""

    arraysize = 1
    lastrowid = None

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.itersize = 2000
        self._clear()

    def _clear(self) -> None:
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self._rows: Sequence[Any] = ()
        self._next = 0

    def execute(self, sql: Any, params: Mapping[str, Any] | Sequence[Any] | None = None) -> Cursor:
        """Runs a statement. Placeholders are `$1`, `%s` or `%(name)s`."""
        self._clear()
        sql = str(sql)
        if params:
            if isinstance(params, Mapping) or "$1" not in sql:
                sql, params = statements.numbered(sql, params)
            params = [values.parameter(value) for value in params]
        word = statements.first_word(sql)
        self.connection.use(word)
        if not params and statements.are_several(sql):
            _call(host.execute_script, sql)
        elif statements.gives_rows(sql, word):
            self._query(sql, params or ())
        else:
            self.rowcount = _call(host.execute, sql, *(params or ()))
        return self

    def _query(self, sql: str, params: Sequence[Any]) -> None:
        rows = _call(host.query, sql, *params)
        self.rowcount = len(rows)
        if not rows.columns:
            return
        self.description = [(column.name, column.type_oid, None, None, None, None, None) for column in rows.columns]
        converters = values.converters(rows.columns)
        if converters:
            self._rows = [_converted(row, converters) for row in rows]
        else:
            self._rows = [tuple(row) for row in rows]

    def executemany(self, sql: Any, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> Cursor:
        """Runs a statement once for each row of parameters."""
        self._clear()
        sql, given = str(sql), list(rows)
        if len(given) < _MANY:
            touched = 0
            for row in given:
                touched += max(self.execute(sql, row).rowcount, 0)
            self._clear()
            self.rowcount = touched
            return self
        self.connection.use()
        if isinstance(given[0], Mapping) or "$1" not in sql:
            text, _ = statements.numbered(sql, given[0])
            given = [statements.numbered(sql, row)[1] for row in given]
            sql = text
        parameter = values.parameter
        self.rowcount = _call(host.execute_many, sql, [[parameter(value) for value in row] for row in given])
        return self

    def mogrify(self, sql: str, params: Any = None) -> str:
        """As in psycopg2; host does not put values into texts."""
        raise NotSupportedError("host sends values beside the statement: pass them to execute()")

    def copy_expert(self, *args: Any, **named: Any) -> None:
        """As in psycopg2."""
        raise NotSupportedError("migrations have no COPY by the driver: use op.bulk_insert, which sends rows together")

    copy_from = copy_to = copy = copy_expert

    def fetchone(self) -> Any:
        """The next row, or None."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        """The next rows."""
        rows = self._rows[self._next : self._next + (size or self.arraysize)]
        self._next += len(rows)
        return rows

    def fetchall(self) -> Sequence[Any]:
        """All rows that are left."""
        rows = self._rows[self._next :] if self._next else self._rows
        self._next = len(self._rows)
        return rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchone, None)

    def setinputsizes(self, *sizes: Any) -> None:
        """Part of PEP 249; the server knows."""

    def setoutputsize(self, *sizes: Any) -> None:
        """Part of PEP 249."""

    def close(self) -> None:
        """Forgets the rows."""
        self._clear()

    async def _async_soft_close(self) -> None:
        """SQLAlchemy's asynchronous results ask for it; there is nothing on the server to close."""

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _converted(row: Sequence[Any], converters: list[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    cells = list(row)
    for place, convert in converters:
        cells[place] = convert(cells[place])
    return tuple(cells)


class Connection:
    """What stands for host's connection. All of them are the same."""

    Error, DatabaseError, DataError, IntegrityError = Error, DatabaseError, DataError, IntegrityError
    InterfaceError, InternalError, NotSupportedError = InterfaceError, InternalError, NotSupportedError
    OperationalError, ProgrammingError, Warning = OperationalError, ProgrammingError, Warning
    closed = 0
    autocommit = False

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """At the beginning of each migration."""
        self._savepoints: dict[str, host.Savepoint] = {}
        self._changed = False
        #: Whether something was rolled back that only host could undo.
        self.lost = False
        #: How often something was sent.
        self.sent = 0

    def use(self, word: str = "") -> None:
        """Before each statement, with its first word."""
        self.sent += 1
        if word not in _READING:
            self._changed = True

    def cursor(self, *args: Any, **named: Any) -> Cursor:
        """A cursor."""
        return Cursor(self)

    def execute(self, sql: Any, params: Any = None) -> Cursor:
        """As in psycopg: runs a statement on a new cursor."""
        return Cursor(self).execute(sql, params)

    def commit(self) -> None:
        """Keeps what was done; host commits when the migration is done."""
        self._changed = False

    def rollback(self) -> None:
        """Notes that something was to be undone; the end of the migration looks at it."""
        self.lost = self.lost or self._changed
        self._changed = False

    def savepoint(self, name: str) -> None:
        """Begins a savepoint."""
        self.sent += 1
        point = host.savepoint()
        _call(point.__enter__)
        self._savepoints[name] = point

    def rollback_to(self, name: str) -> None:
        """Undoes what was done since the savepoint, and ends it."""
        point = self._savepoints.pop(name)
        _call(point.rollback)
        _call(point.__exit__, None, None, None)

    def release(self, name: str) -> None:
        """Keeps what was done since the savepoint."""
        _call(self._savepoints.pop(name).__exit__, None, None, None)

    def close(self) -> None:
        """Host closes its connection itself."""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.rollback()


#: Commands after which nothing has to be kept.
_READING = frozenset({"select", "show", "values", "table", "set", "explain"})
#: The one connection.
CONNECTION = Connection()


def connect(*args: Any, **named: Any) -> Connection:
    """Host's connection, whatever is asked for."""
    return CONNECTION
