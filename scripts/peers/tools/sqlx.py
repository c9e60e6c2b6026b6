"""sqlx-cli, in Rust: a transaction for each file, a row in _sqlx_migrations for each."""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool


class Sqlx(Tool):
    name = "sqlx-cli"
    recorded = "SELECT count(*) FROM _sqlx_migrations WHERE success"

    def write(self, steps: Iterable[Step]) -> None:
        for step in steps:
            stem = f"migrations/{step.number + 1:05}_step_{step.number}"
            self.file(f"{stem}.up.sql", f"{step.up};\n")
            self.file(f"{stem}.down.sql", f"{step.down};\n")

    def apply(self, place: Place) -> Command:
        options = ["--source", "migrations", "--database-url", place.url()]
        return self.command(self.installed / "bin/sqlx", "migrate", "run", *options)
