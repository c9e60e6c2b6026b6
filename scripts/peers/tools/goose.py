"""goose, in Go: a transaction for each file, a row in goose_db_version for each."""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool


class Goose(Tool):
    name = "goose"
    # Version 0 is the empty database.
    recorded = "SELECT count(*) FROM goose_db_version WHERE is_applied AND version_id > 0"

    def write(self, steps: Iterable[Step]) -> None:
        for step in steps:
            text = f"-- +goose Up\n{step.up};\n\n-- +goose Down\n{step.down};\n"
            self.file(f"migrations/{step.number + 1:05}_step_{step.number}.sql", text)

    def apply(self, place: Place) -> Command:
        return self.command(self.installed / "goose", "-dir", "migrations", "postgres", place.url(), "up")
