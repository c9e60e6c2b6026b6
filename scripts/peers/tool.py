"""What the benchmark has to know of a migration tool."""

from __future__ import annotations

from abc import ABC
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar
from typing import Iterable

from command import Command
from place import Place
from steps import Step


class Tool(ABC):
    """A tool with its project: the history in its own format, in a folder of its own."""

    # As in `versions`, and as the folder that it is installed in.
    name: ClassVar[str]

    # A statement whose one value is the number of migrations that the tool recorded as applied.
    recorded: ClassVar[str]

    # Whether it takes part, and is not only there to compare with.
    takes_part: ClassVar[bool] = True

    def __init__(self, installed: Path, project: Path) -> None:
        self.installed = installed
        self.project = project

    def version(self) -> str:
        """The version that is installed."""
        return _read(self.installed / "version")

    def missing(self) -> str | None:
        """Why it cannot be measured, if so."""
        if self.version():
            return None
        return _read(self.installed / "missing") or "it is not installed"

    @abstractmethod
    def write(self, steps: Iterable[Step]) -> None:
        """Writes the migrations."""

    @abstractmethod
    def apply(self, place: Place) -> Command:
        """Applies all migrations that are not applied."""

    def nothing_to_do(self, place: Place) -> Command:
        """The same where all are applied."""
        return self.apply(place)

    def file(self, name: str, text: str) -> None:
        """Writes a file of the project."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def command(self, *arguments: str | Path, **environment: str) -> Command:
        """Runs in the folder of the project."""
        return Command([str(argument) for argument in arguments], self.project, environment)


def _read(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""
