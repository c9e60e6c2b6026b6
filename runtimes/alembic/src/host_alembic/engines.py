"""Engines: whatever url and driver a project names, its engine is the one on host's connection. One for another database is there,
but refuses to connect."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import host
import sqlalchemy
import sqlalchemy.engine.create
import sqlalchemy.ext.asyncio
import sqlalchemy.ext.asyncio.engine
from host_sqlalchemy import driver
from host_sqlalchemy.dialect import NO_VERSION_YET, HostDialect
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError

from . import variables

_create = sqlalchemy.engine.create.create_engine
_POSTGRES = frozenset({"postgresql", "postgres", "driver"})
#: Where the first engine of this run is; engines that say something else are for another database.
_place: tuple[Any, ...] | None = None


def _make(is_async: bool) -> Engine:
    return _create(variables.URL, _is_async=is_async, creator=lambda *args: driver.CONNECTION)


ENGINE: Engine
_ASYNC: Engine


def fit(info: host.RunInfo) -> None:
    """At the beginning of a run: the facts of the server."""
    version = info.server_version
    for engine in (ENGINE, _ASYNC):
        engine.dialect.fit(  # type: ignore[attr-defined]
            (version // 10000, version % 10000) if version else NO_VERSION_YET, info.search_path[0] if info.search_path else "public"
        )


def forget() -> None:
    """As if no engine had been made."""
    global _place
    _place = None


class OtherDatabase:
    """An engine for a database that is not host's. Making it is no mistake yet: many projects make one when they are imported."""

    def __init__(self, url: object) -> None:
        self.url = url
        self.sync_engine = self

    def _refuse(self, *args: Any, **named: Any) -> NoReturn:
        raise ConnectionRefusedError(
            f"a migration has one connection, which is host's, and {_hidden(self.url)} is another database: migrate each database "
            "with a section of its own in host.toml, and hand data over in tables or with `-x KEY=VALUE`"
        )

    connect = begin = raw_connection = execute = scalar = _refuse

    def dispose(self, close: bool = True) -> None:
        """Nothing is open."""

    def execution_options(self, **options: Any) -> OtherDatabase:
        """The same engine."""
        return self


def _hidden(url: object) -> str:
    return url.render_as_string(hide_password=True) if isinstance(url, URL) else "this"


def _is_hosts(url: Any) -> tuple[bool, Any]:
    """Whether a url means host's database."""
    global _place
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError, AttributeError, TypeError):
        # Nothing, or text that a project puts together from variables that are not there.
        return True, url
    if parsed.get_backend_name() not in _POSTGRES:
        return False, parsed
    place = parsed.host, parsed.port, parsed.database
    if parsed.drivername == "postgresql+host" or parsed.drivername == "driver" or "host" in place:
        return True, parsed
    if _place is None:
        _place = place
    return _place == place, parsed


def create_engine(url: Any = None, **options: Any) -> Any:
    """In place of SQLAlchemy's."""
    hosts, parsed = _is_hosts(url)
    if not hosts:
        return OtherDatabase(parsed)
    engine = _ASYNC if options.get("_is_async") else ENGINE
    for name in ("json_serializer", "json_deserializer"):
        if options.get(name) is not None:
            setattr(engine.dialect, f"_{name}", options[name])
    if options.get("echo"):
        engine.echo = options["echo"]
    given = options.get("execution_options")
    return engine.execution_options(**given) if given else engine


def create_async_engine(url: Any = None, **options: Any) -> Any:
    """In place of SQLAlchemy's."""
    engine = create_engine(url, **{**options, "_is_async": True})
    return engine if isinstance(engine, OtherDatabase) else sqlalchemy.ext.asyncio.AsyncEngine(engine)


def _entrypoint(self: URL) -> Any:
    """The dialect of a url: that of host, whatever the driver's name."""
    if self.get_backend_name() in _POSTGRES:
        return HostDialect
    return _registered(self)


_registered = URL._get_entrypoint


def install() -> None:
    """When the runtime is built, after SQLAlchemy and Alembic are imported."""
    global ENGINE, _ASYNC
    sqlalchemy.dialects.registry.register("postgresql.host", "host_sqlalchemy.dialect", "HostDialect")
    URL._get_entrypoint = _entrypoint  # type: ignore[method-assign]
    ENGINE, _ASYNC = _make(False), _make(True)
    original = sqlalchemy.ext.asyncio.engine.create_async_engine
    for name, module in list(sys.modules.items()):
        if not name.startswith(("sqlalchemy", "alembic")):
            continue
        for attribute, value in list(vars(module).items()):
            if value is _create:
                setattr(module, attribute, create_engine)
            elif value is original:
                setattr(module, attribute, create_async_engine)
