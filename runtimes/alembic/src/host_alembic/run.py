"""Runs one direction of a revision, with the project's env.py around it."""

from __future__ import annotations

import inspect
import random
import re
import sys
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import host
import script
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from host_sqlalchemy import driver

from . import config, context, document, engines, modules

#: The modules of the runtime itself. A project may have some of the same names.
INTERNAL = frozenset(
    {"bindings", "host", "host_alembic", "host_sqlalchemy", "packages", "refusals", "report", "script", "standard_library", "streams"}
)


def run(file: str, source: str, direction: str) -> None:
    """Runs one direction."""
    given = document.read(file, source)
    info = host.run_info()
    random.seed(info.seed)
    engines.fit(info)
    finder = modules.enter(given, INTERNAL)
    scripts = config.ProjectScripts(given, finder)
    if given.env:
        _in_environment(given, scripts, finder, info, direction)
    else:
        _alone(given, scripts, finder, info, direction)
    if driver.CONNECTION.lost and given.has_transaction:
        raise RuntimeError(
            "the migration rolled its work back, and the transaction is host's, which commits all of it or nothing: use "
            "`with connection.begin_nested()` for what may be undone, or raise an exception"
        )


def _function(
    given: document.Document, scripts: config.ProjectScripts, finder: modules.ProjectFinder, direction: str
) -> Callable[..., object]:
    """Loads the revision, and gives its function."""
    # As Alembic names it.
    name = re.sub(r"\W", "_", PurePosixPath(given.file).stem)
    module = finder.load(name, given.file)
    scripts.add(given.revision or str(getattr(module, "revision", "")), module, given.file)
    function = getattr(module, direction, None)
    if function is None:
        if direction == "downgrade":
            raise host.Irreversible
        raise NameError(f"'{given.file}' has no function '{direction}'")

    def call(**named: Any) -> None:
        result = function(**named)
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError(f"'{direction}' is asynchronous: write `def {direction}()`, and `op.run_async(…)` in it for what awaits")

    return call


def _in_environment(
    given: document.Document,
    scripts: config.ProjectScripts,
    finder: modules.ProjectFinder,
    info: host.RunInfo,
    direction: str,
) -> None:
    step = context.Step(given, lambda: _function(given, scripts, finder, direction), direction == "upgrade")
    context.begin(step)
    options = {"as_sql": info.dry_run, "destination_rev": given.revision, "tag": None}
    with EnvironmentContext(config.config_of(given, info), scripts, **options):  # type: ignore[arg-type]
        scripts.run_env()
    if step.runs == 0:
        raise RuntimeError(
            f"{given.env_file} did not call context.run_migrations(), so nothing was done: look at the conditions around it, or write "
            "`env = false` below [alembic] in host.toml"
        )


def _alone(
    given: document.Document,
    scripts: config.ProjectScripts,
    finder: modules.ProjectFinder,
    info: host.RunInfo,
    direction: str,
) -> None:
    """Without env.py."""
    context.begin(context.Step(given, lambda: _function(given, scripts, finder, direction), direction == "upgrade"))
    if info.dry_run:
        _with_operations(MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "script": scripts}))
        return
    with engines.ENGINE.connect() as connection:
        options = {"transaction_per_migration": True, "script": scripts}
        _with_operations(MigrationContext.configure(connection, opts=options))
        connection.commit()


def _with_operations(migrations: MigrationContext) -> None:
    with Operations.context(migrations):
        migrations.run_migrations()


def check(file: str, source: str) -> str | None:
    """What can be wrong with a revision without running it."""
    try:
        given = document.read(file, source)
    except document.UnknownFormat as error:
        return str(error)
    return next((problem for path, text in given.files.items() if (problem := _problem(given, path, text))), None)


def _problem(given: document.Document, path: str, text: str) -> str | None:
    if not path.endswith(".py"):
        return None
    if path == given.file:
        return script.check(path, text)
    return script.check_syntax(path, text)


def forget() -> None:
    """After the revisions that warm the runtime up: as if nothing had run."""
    for name in [name for name, module in sys.modules.items() if isinstance(getattr(module, "__loader__", None), modules.ProjectFinder)]:
        del sys.modules[name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, modules.ProjectFinder)]
    driver.CONNECTION.__init__()  # type: ignore[misc]
    engines.forget()
