"""SQLAlchemy's dialect of PostgreSQL on host's connection."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import host
from sqlalchemy import pool
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.engine.url import URL

from . import driver
from .types import COLSPECS

#: While a script is written, there is no server.
NO_VERSION_YET = (15, 0)


class HostDialect(PGDialect):
    """The dialect `postgresql+host`."""

    driver = "host"
    default_paramstyle = "numeric_dollar"
    supports_statement_cache = True
    supports_sane_rowcount = True
    supports_sane_multi_rowcount = True
    supports_server_side_cursors = False
    use_insertmanyvalues = True
    returns_native_bytes = True
    colspecs = {**PGDialect.colspecs, **COLSPECS}

    def __init__(self, **options: Any) -> None:
        # What a project says to another driver.
        known = ("paramstyle", "json_serializer", "json_deserializer", "isolation_level", "dbapi")
        super().__init__(**{name: value for name, value in options.items() if name in known})
        self.dbapi = self.dbapi or driver  # type: ignore[assignment]
        self.fit(NO_VERSION_YET, "public")

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        return driver

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        return pool.StaticPool

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[Dialect]:
        return HostAsyncDialect

    def create_connect_args(self, url: URL) -> Any:
        return (), {}

    def initialize(self, connection: Any) -> None:
        """The facts of the run take the place of queries, so that it works while a script is written, too."""
        info = host.run_info()
        version = info.server_version
        known = (version // 10000, version % 10000) if version else NO_VERSION_YET
        self.fit(known, info.search_path[0] if info.search_path else "public")

    def fit(self, version: tuple[int, int], schema: str) -> None:
        """Knows the server from now on."""
        self.server_version_info = version
        self.default_schema_name = schema
        self.default_isolation_level = "READ COMMITTED"
        self.supports_smallserial = self.supports_identity_columns = True
        self._backslash_escapes = False
        self._supports_drop_index_concurrently = True
        self._supports_jsonb_subscripting = version >= (14,)
        self.supports_virtual_generated_columns = version >= (18,)

    def _get_server_version_info(self, connection: Any) -> Any:
        return self.server_version_info

    def _get_default_schema_name(self, connection: Any) -> str | None:
        return self.default_schema_name

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        return "READ COMMITTED"

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        return "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Whether there is a transaction, says the migration to host."""

    def reset_isolation_level(self, dbapi_conn: Any) -> None:
        """As it was."""

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        return ("AUTOCOMMIT", "READ COMMITTED", "READ UNCOMMITTED", "REPEATABLE READ", "SERIALIZABLE")

    def on_connect(self) -> None:
        return None

    def do_ping(self, dbapi_connection: Any) -> bool:
        return True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Host has begun."""

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        return False

    # Savepoints are host's own, because it counts them and ends them.
    def do_savepoint(self, connection: Any, name: str) -> None:
        driver.CONNECTION.savepoint(name)

    def do_rollback_to_savepoint(self, connection: Any, name: str) -> None:
        driver.CONNECTION.rollback_to(name)

    def do_release_savepoint(self, connection: Any, name: str) -> None:
        driver.CONNECTION.release(name)


class HostAsyncDialect(HostDialect):
    """The same for engines of `sqlalchemy.ext.asyncio`. Each call is done when it returns, so nothing ever waits."""

    is_async = True
    supports_statement_cache = True
