"""One psql that reads all migrations from one file, each in a transaction with a row: what no tool can be much below."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool


class Psql(Tool):
    name = "psql"
    recorded = "SELECT count(*) FROM applied"
    takes_part = False

    def __init__(self, program: Path, project: Path) -> None:
        super().__init__(project, project)
        self.program = program

    def version(self) -> str:
        return "of the server"

    def write(self, steps: Iterable[Step]) -> None:
        text = ["CREATE TABLE applied (number integer PRIMARY KEY, applied_at timestamptz DEFAULT now());\n"]
        for step in steps:
            text.append(f"BEGIN;\n{step.up};\nINSERT INTO applied (number) VALUES ({step.number});\nCOMMIT;\n")
        self.file("migrations.sql", "".join(text))

    def apply(self, place: Place) -> Command:
        return self._psql(place, "-f", "migrations.sql")

    def nothing_to_do(self, place: Place) -> Command:
        return self._psql(place, "-c", "SELECT max(number) FROM applied")

    def _psql(self, place: Place, *arguments: str) -> Command:
        return self.command(self.program, "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments, place.url())
