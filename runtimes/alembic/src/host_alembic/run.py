"""Runs one direction of a revision, with the project's env.py around it."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable
from typing import Any

import host
import script
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from host_sqlalchemy import driver

from . import config, context, document, engines, environment, modules

class Project:
    """A project in the memory of this instance, from one revision to the next."""

    def __init__(self, given: document.Document, info: host.RunInfo, direction: str) -> None:
        self._first, self._run = given, (direction, info.dry_run, info.args)
        self.finder = modules.enter(given, modules.INTERNAL)
        self.scripts = config.ProjectScripts(given, self.finder)
        #: None as long as env.py has not run, or where it has to run for each revision.
        self.configured: environment.Configured | None = None
        #: The revision whose files were seen last.
        self._seen = given

    def see(self, given: document.Document) -> bool:
        """Knows the files of the next revision, if they are those of this project."""
        if given is self._seen:
            return True
        if not self._first.is_of_same_project(given) or not self.finder.agrees_with(given.files):
            return False
        self.finder.add(given.files)
        self._seen = given
        return True

    def take(self, given: document.Document, info: host.RunInfo, direction: str) -> bool:
        """Takes the next revision up, if it belongs here."""
        if self._run != (direction, info.dry_run, info.args) or not self.see(given):
            return False
        self.scripts.take(given)
        return True

    @property
    def is_fit(self) -> bool:
        """Whether another revision can run without env.py being run once more in the same memory."""
        return self.configured is not None or not self._first.env


#: What the revision before left, where it succeeded.
_project: Project | None = None
#: The next revision, where it was read ahead: what it was given as, and what that says.
_ahead: tuple[str, str, document.Document] | None = None


def is_fit() -> bool:
    """Whether this instance may run another revision."""
    return _project is not None and _project.is_fit


def read_ahead(file: str, source: str) -> None:
    """Reads and compiles the next revision, of which nothing runs yet."""
    global _ahead
    _ahead = None
    if _project is None:
        return
    try:
        given = document.read(file, source)
        if not _project.see(given):
            return
        _project.finder.compile_ahead(given.file)
    except Exception:  # whatever is wrong with it is wrong when it runs, too, and is said then
        return
    _ahead = file, source, given


def _given(file: str, source: str) -> document.Document:
    global _ahead
    ahead, _ahead = _ahead, None
    if ahead is not None and ahead[:2] == (file, source):
        return ahead[2]
    return document.read(file, source)


def run(file: str, source: str, direction: str) -> None:
    """Runs one direction."""
    global _project
    given = _given(file, source)
    info = host.run_info()
    random.seed(info.seed)
    engines.fit(info)
    driver.CONNECTION.begin()
    project, _project = _project, None
    if project is not None and not project.take(given, info, direction):
        forget()
        project = None
    if project is None:
        project = Project(given, info, direction)
    step = context.Step(given, lambda: _function(given, project.scripts, project.finder, direction), direction == "upgrade")
    context.begin(step)
    if project.configured is not None:
        project.configured.run()
    elif given.env:
        project.configured = environment.run(step, given, project.scripts, project.finder, info)
    else:
        _alone(project.scripts, info)
    if driver.CONNECTION.lost and given.has_transaction:
        raise RuntimeError(
            "the migration rolled its work back, and the transaction is host's, which commits all of it or nothing: use "
            "`with connection.begin_nested()` for what may be undone, or raise an exception"
        )
    _project = project


def _function(
    given: document.Document, scripts: config.ProjectScripts, finder: modules.ProjectFinder, direction: str
) -> Callable[..., object]:
    """Loads the revision, and gives its function."""
    module = finder.load_revision(given.file)
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


def _alone(scripts: config.ProjectScripts, info: host.RunInfo) -> None:
    """Without env.py."""
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
    """As if nothing had run."""
    global _ahead, _project
    _ahead = _project = None
    for name in [name for name, module in sys.modules.items() if isinstance(getattr(module, "__loader__", None), modules.ProjectFinder)]:
        del sys.modules[name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, modules.ProjectFinder)]
    driver.CONNECTION.__init__()  # type: ignore[misc]
    engines.forget()
