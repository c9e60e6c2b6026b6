"""Writes revisions: what the metadata of env.py describe and the database does not have, found by Alembic's autogenerate and written by
its renderer into the project's own template."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass
from typing import Any

import host
from alembic.autogenerate.api import RevisionContext
from alembic.operations.ops import MigrationScript
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import tuple_rev_as_scalar
from alembic.util import CommandError, format_as_comma, to_tuple
from host_migrate.sqlalchemy import statements
from host_sqlalchemy import driver
from mako.template import Template
from sqlalchemy import MetaData, Table

from . import config, context, document, engines, modules, stand_ins


@dataclass(slots=True)
class Wanted:
    """What host asks for beside the project."""

    message: str
    create_date: str
    template: str
    """The text of script.py.mako."""
    down_revision: list[str]
    branch_labels: list[str]
    depends_on: list[str]
    heads: list[str]
    """All heads, at which the database is, too."""
    own_tables: list[list[str]]
    """Schema and name of host's tables; without a schema they are in the default one."""


class AuthorScripts(config.ProjectScripts):
    """The project's revisions as far as one that is new has to know them; what is written goes to host."""

    def __init__(self, given: document.Document, finder: modules.ProjectFinder, wanted: Wanted) -> None:
        super().__init__(given, finder)
        self._wanted = wanted
        self._heads = list(wanted.heads)
        #: What was written.
        self.written: list[dict[str, Any]] = []

    def get_revisions(self, id_: Any) -> Any:
        """The heads, which are all that is known."""
        return tuple(self._heads) if id_ in ("head", "heads") else to_tuple(id_, default=())

    def get_heads(self) -> list[str]:
        return list(self._heads)

    def get_current_head(self) -> str | None:
        if len(self._heads) > 1:
            raise CommandError("The script directory has multiple heads (due to branching). Please use get_heads()")
        return self._heads[0] if self._heads else None

    def as_revision_number(self, id_: Any) -> Any:
        return tuple_rev_as_scalar(tuple(self._heads)) if id_ in ("head", "heads") else id_

    def generate_revision(
        self,
        revid: str,
        message: str | None,
        head: Any = None,
        splice: bool | None = False,
        branch_labels: Any = None,
        version_path: Any = None,
        depends_on: Any = None,
        **named: Any,
    ) -> Script | None:
        """Fills the template in. What comes from directives of env.py may name other parents than those that were asked for."""
        named.pop("refresh", None)
        down = self._wanted.down_revision if head in (None, "head") else list(to_tuple(head, default=()))
        # As with Alembic, a second one follows the first.
        if self.written and head in (None, "head"):
            down = [self.written[-1]["revision"]]
        labels, depends = list(to_tuple(branch_labels, default=())), list(to_tuple(depends_on, default=()))
        text = Template(self._wanted.template).render_unicode(
            up_revision=str(revid),
            down_revision=tuple_rev_as_scalar(tuple(down)) if down else None,
            branch_labels=tuple(labels) or None,
            depends_on=tuple_rev_as_scalar(tuple(depends)) if depends else None,
            create_date=self._wanted.create_date,
            comma=format_as_comma,
            message=message if message is not None else "empty message",
            **named,
        )
        path = None if version_path is None else str(version_path)
        self.written.append({"revision": str(revid), "message": message or "", "down_revision": down, "version_path": path, "text": text})
        return None


class _Authoring:
    """Takes the place of the revision that runs: env.py runs autogenerate."""

    def __init__(self, given: document.Document, revisions: RevisionContext, wanted: Wanted) -> None:
        self.document = given
        self._revisions, self._wanted = revisions, wanted
        self.runs = 0
        self._named: dict[str, Any] = {}
        self._models: list[str] | None = None

    def run(self, migrations: MigrationContext, named: dict[str, Any]) -> None:
        context.refuse_several(self, self._named, named)
        self.runs += 1
        self._named = named
        self._models = _models(migrations)
        _leave_out(migrations, self._wanted.own_tables)
        self._revisions.run_autogenerate(tuple(self._wanted.heads), migrations)


    @property
    def models(self) -> list[str] | None:
        """What the models are as SQL, where that can be said: host compares it with what the revisions make."""
        return self._models


def _models(migrations: MigrationContext) -> list[str] | None:
    """The statements that make what `target_metadata` describes, of the tables those that env.py lets Alembic compare."""
    metadata = [one for one in to_tuple(migrations.opts.get("target_metadata"), default=()) if isinstance(one, MetaData)]
    name_filter, object_filter = migrations.opts.get("include_name"), migrations.opts.get("include_object")

    def wanted(table: Table) -> bool:
        by_name = name_filter is None or name_filter(
            table.name, "table", {"schema_name": table.schema, "schema_qualified_table_name": table.fullname}
        )
        return bool(by_name and (object_filter is None or object_filter(table, table.name, "table", False, None)))

    try:
        return statements(*metadata, wanted=wanted)
    except Exception as error:
        # A type of the project may have no SQL of its own; Alembic does not need it.
        logging.getLogger(__name__).warning("the models are not compared once more: they cannot be written as SQL: %s", error)
        return None


def _leave_out(migrations: MigrationContext, tables: list[list[str]]) -> None:
    """The tables of host are no part of the project's metadata, and nothing to drop."""
    default = migrations.dialect.default_schema_name
    own = {(schema or default, name) for schema, name in tables}
    theirs = migrations.opts.get("include_name")

    def include_name(name: Any, type_: Any, parents: Any) -> bool:
        if type_ == "table" and (parents.get("schema_name") or default, name) in own:
            return False
        return True if theirs is None else bool(theirs(name, type_, parents))

    migrations.opts["include_name"] = include_name


def _is_empty(script: MigrationScript) -> bool:
    return all(operations.is_empty() for operations in (*script.upgrade_ops_list, *script.downgrade_ops_list))


def generate(request: str) -> str:
    """The answer to a request of host, both as JSON."""
    given = document.read("", request)
    wanted = Wanted(**json.loads(request)["author"])
    info = host.run_info()
    random.seed(info.seed)
    engines.fit(info)
    driver.CONNECTION.begin()
    finder = modules.enter(given, modules.INTERNAL)
    scripts = AuthorScripts(given, finder, wanted)
    configuration = config.config_of(given, info)
    # Directives of a project ask for the revisions this way.
    ScriptDirectory.from_config = classmethod(lambda cls, config: scripts)  # type: ignore[assignment]
    arguments = {
        "message": wanted.message or None,
        "autogenerate": True,
        "sql": False,
        "head": "head",
        "splice": False,
        "branch_label": wanted.branch_labels or None,
        "version_path": None,
        "rev_id": given.revision,
        "depends_on": wanted.depends_on or None,
    }
    if configuration.cmd_opts is not None:
        vars(configuration.cmd_opts).update(arguments, rev_id=given.revision)
    revisions = RevisionContext(configuration, scripts, arguments)
    authoring = _Authoring(given, revisions, wanted)
    context.begin(authoring)
    # What it finds, line by line.
    logging.getLogger("alembic.autogenerate").setLevel(logging.INFO)
    with EnvironmentContext(
        configuration,
        scripts,
        as_sql=False,
        template_args=revisions.template_args,
        revision_context=revisions,  # type: ignore[arg-type]
    ):
        scripts.run_env()
    context.refuse_idle(authoring.runs, given)
    if stand_ins.SQLModel.tables:
        raise RuntimeError(
            f"the tables of SQLModel ({', '.join(sorted(stand_ins.SQLModel.tables))}) cannot be compared: their classes need pydantic, whose core is "
            "compiled for one kind of machine, and the sandbox has no such code. Use `alembic revision --autogenerate`"
        )
    is_empty = all(_is_empty(script) for script in revisions.generated_revisions)
    if not is_empty:
        list(revisions.generate_scripts())
    return json.dumps({"format": document.FORMAT, "revisions": scripts.written, "models": authoring.models})
