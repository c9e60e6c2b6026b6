"""The runtime's dialect with connections and transactions of its own, which Alembic's tests make and end."""

from __future__ import annotations

import types
from typing import Any

from host import _bridge
from host_sqlalchemy import driver
from host_sqlalchemy.dialect import HostDialect
from sqlalchemy import pool
from sqlalchemy.engine.url import URL

from .bridge import Bridge, Env, Failure

_bridge.Err = Failure


class Connection(driver.Connection):
    """The runtime's connection, with a transaction that really begins and ends."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._own = Bridge(url)
        self._env = Env(self._own)
        self._in_transaction = False
        self.autocommit = False
        self.enter()

    def enter(self) -> None:
        """Statements go to this connection from now on."""
        _bridge.sql, _bridge.env = self._own, self._env

    def use(self, word: str = "") -> None:
        self.enter()
        if not self.autocommit and not self._in_transaction:
            self._own.execute("BEGIN", ())
            self._in_transaction = True

    def _end(self, command: str) -> None:
        if self._in_transaction:
            self._in_transaction = False
            self._own.execute(command, ())

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def close(self) -> None:
        self._own.connection.close()


#: The runtime's driver, whose connections are these.
dbapi = types.ModuleType("host_suite")
dbapi.__dict__.update({name: value for name, value in vars(driver).items() if not name.startswith("__")})
dbapi.connect = Connection  # type: ignore[attr-defined]


class SuiteDialect(HostDialect):
    """The dialect `postgresql+hostsuite`."""

    driver = "hostsuite"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> types.ModuleType:
        return dbapi

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        return pool.QueuePool

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.dbapi = dbapi  # type: ignore[assignment]

    def create_connect_args(self, url: URL) -> Any:
        return (url.set(drivername="postgresql").render_as_string(hide_password=False),), {}

    def initialize(self, connection: Any) -> None:
        connection.connection.dbapi_connection.enter()
        super().initialize(connection)

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        return "AUTOCOMMIT" if dbapi_connection.autocommit else "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        dbapi_connection.commit()
        dbapi_connection.autocommit = level == "AUTOCOMMIT"

    def reset_isolation_level(self, dbapi_conn: Any) -> None:
        self.set_isolation_level(dbapi_conn, "READ COMMITTED")

    def do_ping(self, dbapi_connection: Any) -> bool:
        return True

    def do_savepoint(self, connection: Any, name: str) -> None:
        connection.connection.dbapi_connection.savepoint(name)

    def do_rollback_to_savepoint(self, connection: Any, name: str) -> None:
        connection.connection.dbapi_connection.rollback_to(name)

    def do_release_savepoint(self, connection: Any, name: str) -> None:
        connection.connection.dbapi_connection.release(name)
