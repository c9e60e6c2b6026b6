"""tern, in Go: a transaction for each file, the number of the last one in schema_version."""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool


class Tern(Tool):
    name = "tern"
    recorded = "SELECT version FROM schema_version"

    def write(self, steps: Iterable[Step]) -> None:
        for step in steps:
            text = f"{step.up};\n\n---- create above / drop below ----\n\n{step.down};\n"
            self.file(f"migrations/{step.number + 1:05}_step_{step.number}.sql", text)

    def apply(self, place: Place) -> Command:
        program = self.installed / "tern"
        return self.command(program, "migrate", "--migrations", "migrations", "--conn-string", place.url())
