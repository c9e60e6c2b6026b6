"""host: a transaction for each file, the revision in host_version and a row in host_log for each."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Iterable

from command import Command
from command import Failure
from command import run
from place import Place
from steps import Step
from tool import Tool

# Longer than a file has to be old before the index of migrations trusts its times, in seconds.
INDEX_SETTLES = 2.2


class Host(Tool):
    name = "host"
    # The fewer of both tables, which must agree.
    recorded = """
        SELECT least(count(*), (SELECT version_num::bigint + 1 FROM host_version))
        FROM host_log WHERE direction = 'upgrade' AND outcome = 'done'"""

    def __init__(self, program: Path, project: Path) -> None:
        super().__init__(project, project)
        self.program = program

    def version(self) -> str:
        shown = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
        return shown.split()[1]

    def write(self, steps: Iterable[Step]) -> None:
        self.file("host.toml", "[default]\n")
        for step in steps:
            revision = f"{step.number:012}"
            revises = f'-- revises = ["{step.number - 1:012}"]\n' if step.number else ""
            text = (
                f'-- /// migration\n-- revision = "{revision}"\n{revises}-- message = "Step {step.number}"\n'
                f'-- created = "2020-01-01T00:00:00Z"\n-- ///\n\n'
                f"-- upgrade\n{step.up};\n\n-- downgrade\n{step.down};\n"
            )
            self.file(f"migrations/{revision}_step_{step.number}.sql", text)
        # As it is deployed: built before, and looked at once.
        run(self._host("build"))
        time.sleep(INDEX_SETTLES)
        run(self._host("heads"))
        if not (self.project / ".host/build/index.bin").exists():
            raise Failure("host keeps no index of what it read")

    def apply(self, place: Place) -> Command:
        return self._host("upgrade", "head", HOST_DATABASE_URL=place.url())

    def _host(self, *arguments: str, **environment: str) -> Command:
        # The user's folders lie beside the project: what came with it would not be believed.
        user = self.project.with_name("host-user")
        folders = {"HOST_STATE_DIR": f"{user}/state", "HOST_CACHE_DIR": f"{user}/cache"}
        return self.command(self.program, *arguments, **folders, **environment)
