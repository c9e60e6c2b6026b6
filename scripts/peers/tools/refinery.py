"""refinery, in Rust: a transaction for each file, a row in refinery_schema_history for each."""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool


class Refinery(Tool):
    name = "refinery"
    recorded = "SELECT count(*) FROM refinery_schema_history"

    def write(self, steps: Iterable[Step]) -> None:
        # It only goes forwards.
        for step in steps:
            self.file(f"migrations/V{step.number + 1}__step_{step.number}.sql", f"{step.up};\n")

    def apply(self, place: Place) -> Command:
        program = self.installed / "bin/refinery"
        return self.command(program, "migrate", "-e", "DATABASE_URL", "-p", "migrations", DATABASE_URL=place.url())
