"""What host hands over for one revision: its file, the modules of the project that it needs, and the configuration, as JSON."""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass, field
from typing import Any

FORMAT = 1
NO_TRANSACTION = "none"
_AUTOCOMMIT = "autocommit_block"


class UnknownFormat(ValueError):
    """The document is of another version."""


@dataclass(slots=True)
class Document:
    """One revision with its surroundings."""

    file: str
    """The revision's file, from the project's folder."""
    files: dict[str, str]
    """The texts of all files by their paths."""
    revision: str = ""
    down_revision: tuple[str, ...] = ()
    script_location: str = "alembic"
    version_locations: tuple[str, ...] = ()
    config_file: str = "alembic.ini"
    section: str = "alembic"
    config: dict[str, dict[str, Any]] = field(default_factory=dict)
    env: bool = False
    """Whether env.py is run."""
    paths: tuple[str, ...] = ("",)
    """`sys.path`, from the project's folder."""
    transaction: str | None = None
    """Where it is not said: without one if the revision's own file has an `autocommit_block`, as host decides, too."""

    @property
    def source(self) -> str:
        """The text of the revision."""
        return self.files[self.file]

    def is_of_same_project(self, other: Document) -> bool:
        """Whether everything but the revision and the files is the same."""
        return bool(_of_the_project(self) == _of_the_project(other))

    @property
    def env_file(self) -> str:
        """The path of env.py."""
        return joined(self.script_location, "env.py")

    @property
    def has_transaction(self) -> bool:
        """Whether everything is one transaction."""
        if self.transaction is None:
            return _AUTOCOMMIT not in self.source
        return self.transaction != NO_TRANSACTION


_of_the_project = operator.attrgetter("script_location", "version_locations", "config_file", "section", "config", "env", "paths")


def joined(folder: str, name: str) -> str:
    """The path of a file in a folder of the project."""
    folder = "" if folder == "." else folder.rstrip("/")
    return f"{folder}/{name}" if folder else name


def read(file: str, source: str) -> Document:
    """The document in a text; a text that is none is a revision by itself."""
    source = source.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if not source.lstrip().startswith("{"):
        return Document(file, {file: source})
    try:
        given = json.loads(source)
    except ValueError:
        return Document(file, {file: source})
    found = given.get("format")
    if found != FORMAT:
        raise UnknownFormat(
            f"this runtime of Alembic reads documents of format {FORMAT}, and host wrote one of format {found}: use the host and "
            "the runtime of one release"
        )
    revision = given.get("revision", {})
    return Document(
        file=given["file"],
        files={path: text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}") for path, text in given["files"].items()},
        revision=revision.get("revision", ""),
        down_revision=tuple(revision.get("down_revision") or ()),
        script_location=given.get("script_location", "alembic"),
        version_locations=tuple(given.get("version_locations", ())),
        config_file=given.get("config_file", "alembic.ini"),
        section=given.get("section", "alembic"),
        config=given.get("config", {}),
        env=given.get("env", False),
        paths=tuple(given.get("paths", ("",))),
        transaction=given.get("transaction"),
    )
