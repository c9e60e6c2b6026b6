"""golang-migrate, in Go: no transaction of its own around a file; the number of the last one in schema_migrations."""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool


class GolangMigrate(Tool):
    name = "golang-migrate"
    recorded = "SELECT version FROM schema_migrations WHERE NOT dirty"

    def write(self, steps: Iterable[Step]) -> None:
        for step in steps:
            stem = f"migrations/{step.number + 1:05}_step_{step.number}"
            self.file(f"{stem}.up.sql", f"{step.up};\n")
            self.file(f"{stem}.down.sql", f"{step.down};\n")

    def apply(self, place: Place) -> Command:
        # The scheme chooses the driver.
        return self.command(self.installed / "migrate", "-path", "migrations", "-database", place.url("pgx5"), "up")
