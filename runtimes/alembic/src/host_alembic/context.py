"""Alembic's `MigrationContext` where the one revision that host asks for is run, and where host has the version table."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import host
from alembic.ddl.impl import DefaultImpl
from alembic.runtime.migration import MigrationContext, MigrationInfo

from .document import Document

_alembics_autocommit_block = MigrationContext.autocommit_block
#: From Alembic 1.14 on.
_alembics_version_table: Any = getattr(DefaultImpl, "version_table_impl", None)


class Step:
    """The revision that runs."""

    def __init__(self, document: Document, load: Callable[[], Callable[..., object]], is_upgrade: bool) -> None:
        self.document = document
        # As with Alembic, env.py is there first: what it registers and imports, the revision may use when it is loaded.
        self._load = functools.cache(load)
        self.is_upgrade = is_upgrade
        #: How often env.py ran it; a project with a schema for each tenant may do so several times.
        self.runs = 0
        self._named: dict[str, Any] = {}

    def run(self, context: MigrationContext, named: dict[str, Any]) -> None:
        """Runs it as Alembic does, without the version table."""
        if self.runs and named != self._named:
            raise RuntimeError(
                f"env.py runs '{self.document.file}' for several databases ({_pairs(self._named)}, then {_pairs(named)}), and a migration has "
                "one: give each database a section of its own in host.toml, and let env.py run what is for that one"
            )
        self.runs += 1
        self._named = named
        context.impl.start_migrations()
        with context.begin_transaction(_per_migration=True):
            self._load()(**named)
            for callback in context.on_version_apply_callbacks:
                callback(ctx=context, step=self._info(), heads=self._heads(), run_args=named)

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


def _pairs(named: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in named.items()) or "no arguments"


#: The revision that runs.
_step: Step


def begin(step: Step) -> None:
    """Before env.py runs."""
    global _step
    _step = step


def _run_migrations(self: MigrationContext, **named: Any) -> None:
    _step.run(self, named)


def _static_output(self: DefaultImpl, text: str) -> None:
    """What Alembic writes into a script goes to host, which writes it into its own."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    if any(line.strip() for line in lines):
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
