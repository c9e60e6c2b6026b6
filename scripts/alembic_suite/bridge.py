"""Host's side of the contract on this machine: a connection of psycopg in the place of the one that host owns. Only for tests."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

import host
import psycopg
from host import _calendar, _contract
from psycopg.types.range import Range as PsycopgRange

_JSON, _JSONB = 114, 3802
_VECTORS = (22, 30)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _elements(given: _contract.Elements) -> str:
    items = ["NULL" if item.value is None else _quoted(text_of(item) or "") for item in given.items]
    for dim in reversed(given.dims[1:]):
        size = dim.len
        items = ["{" + ",".join(items[place : place + size]) + "}" for place in range(0, len(items), size)]
    return "{" + ",".join(items) + "}"


def text_of(case: Any) -> str | None:
    """A value of the contract as PostgreSQL reads it."""
    value = case.value
    match type(case).__name__.removeprefix("Scalar_"):
        case "Value_Scalar":
            return text_of(value)
        case "Value_Array":
            return _elements(value)
        case "Null":
            return None
        case "Boolean":
            return "t" if value else "f"
        case "Float4" | "Float8":
            return repr(value)
        case "Bytea":
            return "\\x" + value.hex()
        case "Date":
            return str(_calendar.Date(value))
        case "Time":
            return str(_calendar.Time(value))
        case "Timetz":
            return str(_calendar.TimeTz(value.micros, value.offset_secs))
        case "Timestamp":
            return str(_calendar.Timestamp(value))
        case "Timestamptz":
            return str(_calendar.Timestamptz(value))
        case "Uuid":
            return str(uuid.UUID(int=value.hi << 64 | value.lo))
        case "Other":
            return bytes(value.data).decode()
    return str(value)


def _lifted(value: Any, oid: int) -> Any:
    """A value of psycopg as the SDK gives it."""
    if value is None:
        return None
    if oid == _JSON:
        return host.Json.parse(value)
    if oid == _JSONB:
        return host.Jsonb.parse(value)
    if oid in _VECTORS and isinstance(value, str):
        return [int(number) for number in value.split()]
    if isinstance(value, datetime.timedelta):
        return host.Interval.of(value)
    if isinstance(value, PsycopgRange):
        return host.Range.EMPTY if value.isempty else host.Range(value.lower, value.upper, value.bounds)
    if isinstance(value, list):
        return [_lifted(item, 0) for item in value]
    return value


class Result:
    """What a query gave."""

    def __init__(self, columns: list[host.Column], rows: list[list[Any]]) -> None:
        self.columns, self.rows = columns, rows


class Failure(Exception):
    """The exception by which calls of the bridge fail."""

    def __init__(self, value: host.HostError) -> None:
        super().__init__(str(value))
        self.value = value


def _failure(error: psycopg.Error) -> Failure:
    diag = error.diag
    place = int(diag.statement_position) if diag.statement_position else None
    return Failure(
        host.SqlError(
            error.sqlstate or "XX000", diag.severity or "ERROR", diag.message_primary or str(error), diag.message_detail,
            diag.message_hint, diag.context, place, diag.schema_name, diag.table_name, diag.column_name, diag.datatype_name,
            diag.constraint_name,
        )
    )  # fmt: skip


class Statement:
    """A prepared statement."""

    def __init__(self, bridge: Bridge, sql: str) -> None:
        self._bridge, self._sql = bridge, sql

    def execute_many(self, rows: Sequence[Sequence[Any]]) -> int:
        return sum(self._bridge.execute(self._sql, row) for row in rows)

    def __exit__(self, *error: object) -> None:
        return None


class Bridge:
    """The interface `sql`."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor)
        types = self.connection.adapters
        for name in ("json", "jsonb"):
            types.register_loader(name, psycopg.types.string.TextLoader)
        self._savepoints = 0

    def _run(self, sql: str, params: Sequence[Any]) -> Any:
        values = [text_of(param) for param in params]
        try:
            return self.connection.execute(sql.encode(), values or None)
        except psycopg.Error as error:
            failure = _failure(error)
        raise failure from None

    def execute(self, sql: str, params: Sequence[Any]) -> int:
        return max(self._run(sql, params).rowcount, 0)

    def execute_script(self, sql: str) -> None:
        self._run(sql, ())

    def query(self, sql: str, params: Sequence[Any]) -> Result:
        cursor = self._run(sql, params)
        if cursor.description is None:
            return Result([], [])
        oids = [column.type_code for column in cursor.description]
        columns = [host.Column(column.name, column.type_code, column.type_display, 0, 0) for column in cursor.description]
        rows = [[_lifted(value, oid) for value, oid in zip(row, oids, strict=True)] for row in cursor.fetchall()]
        return Result(columns, rows)

    def prepare(self, sql: str) -> Statement:
        return Statement(self, sql)

    def begin_savepoint(self) -> Savepoint:
        self._savepoints += 1
        return Savepoint(self, f"host_{self._savepoints}")


class Savepoint:
    """An open savepoint."""

    def __init__(self, bridge: Bridge, name: str) -> None:
        self._bridge, self._name, self._open = bridge, name, True
        bridge.execute(f"SAVEPOINT {name}", ())

    def release(self) -> None:
        self._open = False
        self._bridge.execute(f"RELEASE SAVEPOINT {self._name}", ())

    def rollback(self) -> None:
        self._bridge.execute(f"ROLLBACK TO SAVEPOINT {self._name}", ())

    def __exit__(self, *error: object) -> None:
        if self._open and self._bridge.connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            self.rollback()
            self.release()


class Env:
    """The interface `env`."""

    revision, now_micros, seed, args, dry_run = "suite", 0, 1, (), False

    def __init__(self, bridge: Bridge) -> None:
        self.server_version = bridge.connection.info.server_version
        self.search_path = ["public"]

    def run(self) -> Env:
        return self
