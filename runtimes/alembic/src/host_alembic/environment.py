"""env.py, which runs once for all revisions of a run, as it does with Alembic."""

from __future__ import annotations

from typing import Any

import host
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from host_sqlalchemy import driver
from sqlalchemy.engine import Connection

from . import config, context
from .document import Document
from .modules import ProjectFinder


class Configured:
    """What env.py has configured for the first revision, for those after it."""

    def __init__(self, environment: EnvironmentContext, migrations: MigrationContext, named: dict[str, Any]) -> None:
        self._environment, self._migrations, self._named = environment, migrations, named
        #: The one that env.py had is closed by now.
        self._connection: Connection | None = None

    def run(self) -> None:
        """Runs a revision as env.py would."""
        if not self._migrations.as_sql:
            self._connect()
        with self._environment, self._migrations.begin_transaction():
            self._environment.run_migrations(**self._named)
        if self._connection is not None:
            self._connection.commit()

    def _connect(self) -> None:
        if self._connection is not None and not self._connection.closed:
            return
        before = self._migrations.connection
        assert before is not None
        self._connection = before.engine.connect().execution_options(**before.get_execution_options())
        self._migrations.connection = self._migrations.impl.connection = self._connection


def run(
    step: context.Step, document: Document, scripts: config.ProjectScripts, finder: ProjectFinder, info: host.RunInfo
) -> Configured | None:
    """Runs env.py around a revision. Gives what it configured, where that is all it did: what it sends to the database itself, such as
    `SET search_path`, belongs to each revision, because host begins each one with a fresh session."""
    options: dict[str, Any] = {"as_sql": info.dry_run, "destination_rev": document.revision, "tag": None}
    environment = EnvironmentContext(config.config_of(document, info), scripts, **options)  # type: ignore[arg-type]
    before = driver.CONNECTION.sent
    with environment:
        scripts.run_env()
    context.refuse_idle(step.runs, document)
    assert step.context is not None
    has_sent = driver.CONNECTION.sent - before > step.sent
    if step.runs > 1 or has_sent or _has_own_events(step.context.connection):
        return None
    return Configured(environment, step.context, step.named)


def _has_own_events(connection: Connection | None) -> bool:
    """Whether something listens to this connection alone, and not to all of its engine."""
    return isinstance(connection, Connection) and bool(connection._has_events) and not connection.engine._has_events
