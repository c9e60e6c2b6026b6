"""Alembic's `MigrationContext` where the one revision that host asks for is run, and where host has the version table."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import host
from alembic.ddl.impl import DefaultImpl
from alembic.runtime.migration import MigrationContext, MigrationInfo

from host_sqlalchemy import driver

from .document import Document

_alembics_autocommit_block = MigrationContext.autocommit_block
#: From Alembic 1.14 on.
_alembics_version_table: Any = getattr(DefaultImpl, "version_table_impl", None)


class Step:
    """The revision that runs."""

    def __init__(self, document: Document, load: Callable[[], Callable[..., object]], is_upgrade: bool) -> None:
        self.document = document
        self._load = load
        self._function: Callable[..., object] | None = None
        self.is_upgrade = is_upgrade
        #: How often env.py ran it; a project with a schema for each tenant may do so several times.
        self.runs = 0
        #: What was sent while it ran, and so not by env.py.
        self.sent = 0
        #: Alembic's context that ran it last, and the arguments that env.py gave it.
        self.context: MigrationContext | None = None
        self.named: dict[str, Any] = {}

    def run(self, context: MigrationContext, named: dict[str, Any]) -> None:
        """Runs it as Alembic does, without the version table."""
        refuse_several(self, self.named, named)
        self._refuse_several_tables(context)
        self.runs += 1
        self.context, self.named = context, named
        before = driver.CONNECTION.sent
        context.impl.start_migrations()
        with context.begin_transaction(_per_migration=True):
            # As with Alembic, env.py is there first: what it registers and imports, the revision may use when it is loaded.
            if self._function is None:
                self._function = self._load()
            self._function(**named)
            for callback in context.on_version_apply_callbacks:
                callback(ctx=context, step=self._info(), heads=self._heads(), run_args=named)
        self.sent += driver.CONNECTION.sent - before

    def _refuse_several_tables(self, now: MigrationContext) -> None:
        """Refuses an env.py that keeps what is applied apart for each schema: host has one version table in a run, and one schema may be
        elsewhere than another."""
        if self.context is not None and _version_table_of(self.context) != _version_table_of(now):
            raise RuntimeError(
                f"env.py has several version tables ({_version_table_of(self.context)}, then {_version_table_of(now)}), and host has one in a "
                "run: give each schema a section of its own in host.toml, with its `version-table`, and let env.py run what is for the one that "
                "`-x KEY=VALUE` names"
            )

    def _info(self) -> MigrationInfo:
        return MigrationInfo(
            None,  # type: ignore[arg-type]
            is_upgrade=self.is_upgrade,
            is_stamp=False,
            up_revisions=self.document.revision,
            down_revisions=self.document.down_revision,
        )

    def _heads(self) -> set[str]:
        return {self.document.revision} if self.is_upgrade else set(self.document.down_revision)


class Runs(Protocol):
    """What runs where env.py calls `run_migrations()`."""

    document: Document
    runs: int

    def run(self, context: MigrationContext, named: dict[str, Any]) -> None: ...


def refuse_several(step: Runs, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses a second database, which env.py of the template `multidb` has."""
    if step.runs and now != before:
        raise RuntimeError(
            f"env.py runs '{step.document.file}' for several databases ({_pairs(before)}, then {_pairs(now)}), and a migration has "
            "one: give each database a section of its own in host.toml, and let env.py run what is for that one"
        )


def refuse_idle(runs: int, document: Document) -> None:
    """Refuses an env.py that ran nothing."""
    if runs == 0:
        raise RuntimeError(
            f"{document.env_file} did not call context.run_migrations(), so nothing was done: look at the conditions around it, or write "
            "`env = false` below [alembic] in host.toml"
        )


def _version_table_of(migrations: MigrationContext) -> str:
    return ".".join(part for part in (migrations.version_table_schema, migrations.version_table) if part)


def _pairs(named: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in named.items()) or "no arguments"


#: The revision that runs, or what writes one.
_step: Runs


def begin(step: Runs) -> None:
    """Before env.py runs."""
    global _step
    _step = step


def _run_migrations(self: MigrationContext, **named: Any) -> None:
    _step.run(self, named)


def _static_output(self: DefaultImpl, text: str) -> None:
    """What Alembic writes into a script goes to host, which writes it into its own."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    if any(line.strip() for line in lines):
        driver.CONNECTION.sent += 1
        host.execute_script(text)


def _nothing(self: DefaultImpl) -> None:
    """Host writes BEGIN and COMMIT."""


@contextlib.contextmanager
def _autocommit_block(self: MigrationContext) -> Iterator[None]:
    if _step.document.has_transaction:
        raise RuntimeError(
            "autocommit_block() needs a migration without a transaction, and host gives that to a revision whose own file calls it: "
            f"write `with op.get_context().autocommit_block():` in {_step.document.file} itself, not in a helper"
        )
    if self.as_sql:
        yield
        return
    with _alembics_autocommit_block(self):
        yield


def _refuse_version_table(self: MigrationContext, *args: Any, **named: Any) -> None:
    """Host makes the version table, before anything runs."""


@functools.cache
def _version_table(version_table: str, version_table_schema: str | None, version_table_pk: bool) -> Any:
    """The version table, for those who read it. Most do not, and all have the same."""
    return _alembics_version_table(
        DefaultImpl, version_table=version_table, version_table_schema=version_table_schema, version_table_pk=version_table_pk
    )


def _version_table_impl(self: DefaultImpl, **named: Any) -> Any:
    if set(named) == {"version_table", "version_table_schema", "version_table_pk"}:
        return _version_table(**named)
    return _alembics_version_table(self, **named)


def install() -> None:
    """When the runtime is built."""
    if _alembics_version_table is not None:
        DefaultImpl.version_table_impl = _version_table_impl  # type: ignore[method-assign]
    MigrationContext.run_migrations = _run_migrations  # type: ignore[method-assign]
    MigrationContext.autocommit_block = _autocommit_block  # type: ignore[method-assign,assignment]
    MigrationContext._ensure_version_table = _refuse_version_table  # type: ignore[method-assign]
    DefaultImpl.static_output = _static_output  # type: ignore[method-assign]
    for kind in _with_subclasses(DefaultImpl):
        kind.emit_begin = kind.emit_commit = _nothing  # type: ignore[method-assign]


def _with_subclasses(kind: type[DefaultImpl]) -> Iterator[type[DefaultImpl]]:
    yield kind
    for other in kind.__subclasses__():
        yield from _with_subclasses(other)
