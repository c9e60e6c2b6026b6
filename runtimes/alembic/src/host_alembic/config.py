"""Alembic's `Config` and `ScriptDirectory`, of what host has read instead of files."""

from __future__ import annotations

import argparse
import configparser
import re
from typing import Any, NoReturn

import alembic.command
import host
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from .document import Document
from .modules import ProjectFinder

_REVISION = re.compile(r"^revision(?:\s*:[^=\n]+)?\s*=\s*[\"'](\w+)[\"']", re.MULTILINE)


#: What only `logging.config.fileConfig` reads, and that is host's business.
_OF_LOGGING = ("logger", "handler", "formatter")


def _parser() -> configparser.ConfigParser:
    return configparser.ConfigParser({"here": "."})


#: Made before it is needed, since making one takes longer than filling it.
_PARSERS: list[configparser.ConfigParser] = []


def make_ready() -> None:
    """At the end of the building of the runtime: for the one run that each copy of its memory is for."""
    _PARSERS.append(_parser())


def config_of(document: Document, info: host.RunInfo) -> Config:
    """The configuration, as Alembic's command line makes it."""
    options = argparse.Namespace(
        x=[f"{key}={value}" for key, value in info.args] or None,
        name=document.section,
        config=[document.config_file],
        sql=info.dry_run,
        tag=None,
        raiseerr=False,
        quiet=False,
        verbose=False,
        autogenerate=False,
        revision=document.revision,
        cmd=(alembic.command.upgrade, ["revision"], ["sql", "tag"]),
    )
    config = Config(ini_section=document.section, cmd_opts=options)
    config.config_file_name = document.config_file
    sections = dict(document.config)
    toml = sections.get(document.section, {}) if document.config_file.endswith(".toml") else {}
    parser = _PARSERS.pop() if _PARSERS else _parser()
    for name, values in sections.items():
        if name.startswith(_OF_LOGGING):
            continue
        if not parser.has_section(name):
            parser.add_section(name)
        for key, value in values.items():
            if isinstance(value, str):
                parser.set(name, key, value.replace("%", "%%"))
    if not parser.has_section(document.section):
        parser.add_section(document.section)
    # Both are read from files when they are asked for the first time.
    vars(config)["file_config"] = parser
    vars(config)["toml_alembic_config"] = toml
    return config



class ProjectScripts(ScriptDirectory):
    """The revisions that were handed over: this one, and those that it names."""

    def __init__(self, document: Document, finder: ProjectFinder) -> None:
        self.dir = document.script_location
        self.version_locations = list(document.version_locations)
        self.file_template = "%%(rev)s_%%(slug)s"
        self.truncate_slug_length = 40
        self.sourceless = False
        self.output_encoding = "utf-8"
        self.timezone = None
        self.hooks = []
        self.recursive_version_locations = False
        self._document, self._finder = document, finder
        self._loaded: dict[str, tuple[Any, str]] = {}
        self._scripts: dict[str, Script] = {}

    def take(self, document: Document) -> None:
        """Sees the next revision of the same project."""
        self._document = document

    def add(self, revision: str, module: Any, path: str) -> None:
        """Knows a revision that is loaded."""
        self._loaded[revision] = module, path
        self._scripts.pop(revision, None)

    def _script(self, revision: str) -> Script:
        """What Alembic has of a loaded revision; made when something asks for it."""
        script = self._scripts.get(revision)
        if script is None:
            module, path = self._loaded[revision]
            script = self._scripts[revision] = Script(module, revision, path)
        return script

    def get_revision(self, id_: str) -> Any:
        """A revision by its id, or its beginning."""
        if id_ in ("head", "heads", "current"):
            id_ = self._document.revision
        found = next((known for known in self._loaded if known.startswith(id_)), None)
        return self._load(id_) if found is None else self._script(found)

    def _load(self, id_: str) -> Script:
        for path, text in self._document.files.items():
            found = _REVISION.search(text) if path.endswith(".py") else None
            if found and found[1].startswith(id_):
                self.add(found[1], self._finder.load_revision(path), path)
                return self._script(found[1])
        raise CommandError(
            f"the revision '{id_}' was not handed over: a revision sees itself, and those that it names in a text such as "
            f"'{id_}.name'"
        )

    def get_revisions(self, id_: Any) -> Any:
        return tuple(self.get_revision(one) for one in ([id_] if isinstance(id_, str) else id_))

    def get_current_head(self) -> str | None:
        return self._document.revision or None

    def get_heads(self) -> list[str]:
        return [self._document.revision]

    def as_revision_number(self, id_: Any) -> Any:
        return self._document.revision

    def walk_revisions(self, base: str = "base", head: str = "heads") -> NoReturn:
        raise CommandError("a revision that runs does not see the others: use `host history`")

    def run_env(self) -> None:
        """Runs env.py."""
        self._finder.load("env", self._document.env_file)
