"""dbmate, in Go: a transaction for each file, a row in schema_migrations for each."""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool


class Dbmate(Tool):
    name = "dbmate"
    recorded = "SELECT count(*) FROM schema_migrations"

    def write(self, steps: Iterable[Step]) -> None:
        for step in steps:
            text = f"-- migrate:up\n{step.up};\n\n-- migrate:down\n{step.down};\n"
            self.file(f"migrations/{step.number + 1:05}_step_{step.number}.sql", text)

    def apply(self, place: Place) -> Command:
        # Without the dump of the schema, which is another program's work.
        options = ["--no-dump-schema", "--migrations-dir", "migrations"]
        return self.command(self.installed / "dbmate", *options, "migrate", DATABASE_URL=place.url())
