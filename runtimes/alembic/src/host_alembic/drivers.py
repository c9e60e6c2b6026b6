"""Drivers that projects import by name: psycopg, psycopg2, asyncpg, pg8000. Each is host's connection with the words of that driver,
as far as migrations use them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from host_sqlalchemy import driver

_SYNCHRONOUS = ("psycopg", "psycopg2", "psycopg2cffi", "pg8000", "pg8000.dbapi", "pg8000.native")
_ERRORS = """
Warning Error InterfaceError DatabaseError DataError OperationalError IntegrityError InternalError ProgrammingError NotSupportedError
"""


class AsyncConnection:
    """asyncpg's connection."""

    async def execute(self, sql: str, *params: Any, timeout: float | None = None) -> str:
        """Runs statements."""
        cursor = driver.CONNECTION.execute(sql, params)
        return f"OK {cursor.rowcount}"

    async def executemany(self, sql: str, rows: Any, *, timeout: float | None = None) -> None:
        """Runs a statement for each row."""
        driver.CONNECTION.cursor().executemany(sql, rows)

    async def fetch(self, sql: str, *params: Any, timeout: float | None = None) -> list[Any]:
        """All rows, by places and by names."""
        cursor = driver.CONNECTION.execute(sql, params)
        names = tuple(column[0] for column in cursor.description or ())
        return [_record(names, row) for row in cursor.fetchall()]

    async def fetchrow(self, sql: str, *params: Any, timeout: float | None = None) -> Any:
        """The first row, or None."""
        rows = await self.fetch(sql, *params)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *params: Any, column: int = 0, timeout: float | None = None) -> Any:
        """A value of the first row, or None."""
        row = await self.fetchrow(sql, *params)
        return None if row is None else row[column]

    async def close(self, *, timeout: float | None = None) -> None:
        """Host closes its connection itself."""


def _record(names: tuple[str, ...], row: Any) -> Any:
    import host

    return host.Row.of(names, row)


async def _connect_async(*args: Any, **named: Any) -> AsyncConnection:
    return AsyncConnection()


def _module(name: str, **content: Any) -> ModuleType:
    module = ModuleType(name, f"{name} on host's connection.")
    module.__dict__.update(content)
    module.__path__ = []  # type: ignore[attr-defined]
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, module)
    return module


def install() -> None:
    """When the runtime is built. A project that lists one of these packages has the same."""
    errors = {name: getattr(driver, name) for name in _ERRORS.split()}
    for name in _SYNCHRONOUS:
        _module(name, connect=driver.connect, paramstyle="pyformat", Binary=bytes, **errors)
        _module(f"{name}.errors" if "." not in name else f"{name}_errors", **errors)
    for name in ("psycopg2.extensions", "psycopg2.extras", "psycopg.rows", "psycopg.types"):
        _module(name, ISOLATION_LEVEL_AUTOCOMMIT=0, connection=driver.Connection, cursor=driver.Cursor, execute_values=_execute_values)
    _module("psycopg.types.json", Json=_same, Jsonb=_same)
    _module("asyncpg", connect=_connect_async, Connection=AsyncConnection, PostgresError=driver.DatabaseError, **errors)
    _module("asyncpg.exceptions", PostgresError=driver.DatabaseError, **errors)
    vars(sys.modules["psycopg2.extras"])["Json"] = _same


def _same(value: Any, *args: Any, **named: Any) -> Any:
    """psycopg's wrapper of a value: the driver takes dictionaries and lists as they are."""
    import json

    return json.dumps(value, ensure_ascii=False)


def _execute_values(cursor: driver.Cursor, sql: str, rows: Any, template: str | None = None, **named: Any) -> None:
    """psycopg2's insert of many rows: each row in the place of `%s`."""
    for row in rows:
        places = template or "(" + ", ".join(["%s"] * len(row)) + ")"
        cursor.execute(sql.replace("%s", places, 1), row)
