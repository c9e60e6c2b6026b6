"""Flyway, in Java: a transaction for each file, a row in flyway_schema_history for each.

Its library with a main method around it, which starts faster than its command line: scripts/peers/flyway.
"""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import ADDRESS
from place import Place
from steps import Step
from tool import Tool


class Flyway(Tool):
    name = "flyway"
    recorded = "SELECT count(*) FROM flyway_schema_history WHERE success AND version IS NOT NULL"

    def write(self, steps: Iterable[Step]) -> None:
        # Going back is not in the free edition.
        for step in steps:
            self.file(f"migrations/V{step.number + 1}__step_{step.number}.sql", f"{step.up};\n")

    def apply(self, place: Place) -> Command:
        url = f"jdbc:postgresql://{ADDRESS}:{place.port}/{place.database}?sslmode=disable"
        classes = f"{self.installed}:{self.installed}/jars/*"
        # It tells its maker nothing about this run.
        environment = {"REDGATE_DISABLE_TELEMETRY": "true"}
        return self.command("java", "-cp", classes, "Migrate", url, place.user, "migrations", **environment)
