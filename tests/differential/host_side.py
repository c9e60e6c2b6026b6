"""Asks host through its command line, with the version table in a real PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from graph import Graph
from outcome import Crashed
from outcome import Done
from outcome import Outcome
from outcome import Refused
from outcome import Step

# Longer than host waits for anything by itself.
SECONDS_MAX = 90

# host's exit codes for what a user did wrong; every other one is a fault.
REFUSED = (1, 2)


class VersionTable:
    """The tables of one worker, kept by one psql."""

    def __init__(self, url: str, worker: str) -> None:
        self.version, self.history = f"version_{worker}", f"history_{worker}"
        self.rows: tuple[str, ...] | None = None
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def set(self, rows: tuple[str, ...]) -> None:
        """Sets the rows; the table keeps their order, because it begins anew."""
        if rows != self.rows:
            values = ", ".join(f"('{row}')" for row in rows)
            insert = f"INSERT INTO {self.version} VALUES {values};" if rows else ""
            self._run(f"BEGIN; TRUNCATE {self.version}, {self.history}; {insert} COMMIT;")
            self.rows = rows

    def get(self) -> tuple[str, ...]:
        """The rows after somebody else wrote them."""
        self.rows = None
        return tuple(sorted(self._run(f"SELECT version_num FROM {self.version};")))

    def close(self) -> None:
        self.psql.stdin.close()
        self.psql.wait()

    def _run(self, sql: str) -> list[str]:
        self.psql.stdin.write(f"{sql}\n\\echo done\n")
        lines = []
        for line in self.psql.stdout:
            if line == "done\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError(f"psql ended at: {sql}")


class Host:
    """A project folder, whose migrations change with each graph."""

    def __init__(self, program: Path, folder: Path, url: str, table: VersionTable) -> None:
        self.program, self.folder, self.table = program, folder, table
        self.environment = {"PATH": os.environ["PATH"], "HOST_DATABASE_URL": url}
        self.migrations = folder / "migrations"
        self.migrations.mkdir(parents=True)
        settings = f'[default]\nversion-table = "{table.version}"\nhistory-table = "{table.history}"\n'
        (folder / "host.toml").write_text(settings)
        made = self._run("ensure-version")
        if made.returncode != 0:
            raise RuntimeError(made.stdout + made.stderr)

    def write(self, graph: Graph) -> None:
        """One file for each revision; the names sort in the order of the graph."""
        for file in self.migrations.iterdir():
            file.unlink()
        for position, revision in enumerate(graph.revisions):
            keys = {"revision": revision.id, "revises": revision.revises}
            keys |= {"depends-on": revision.depends_on, "branch-labels": revision.labels}
            # JSON texts and lists of texts are TOML as well.
            block = "".join(f"-- {key} = {json.dumps(value)}\n" for key, value in keys.items())
            text = f"-- /// migration\n{block}-- ///\n-- upgrade\n-- downgrade\n"
            (self.migrations / f"{position:04}_{revision.id}.sql").write_text(text)

    def ask(self, command: str, targets: tuple[str, ...]) -> Outcome:
        """What the command does from the rows that are in the table. A stamp is really run."""
        dry_run = [] if command == "stamp" else ["--dry-run"]
        try:
            process = self._run("--json", command, *targets, *dry_run)
        except subprocess.TimeoutExpired:
            return Crashed(f"no answer within {SECONDS_MAX} s")
        try:
            document = json.loads(process.stdout.splitlines()[-1])
        except (ValueError, IndexError):
            return Crashed(f"exit code {process.returncode}, {process.stdout}{process.stderr}")
        if process.returncode in REFUSED and "error" in document:
            return Refused(document["error"]["message"], document["error"]["kind"])
        # The plan is all that counts: nothing is built here, which the dry run says with code 3.
        if process.returncode not in (0, 3):
            return Crashed(f"exit code {process.returncode}, {process.stdout}{process.stderr}")
        if command == "stamp":
            return Done((), self.table.get())
        steps = tuple(Step(step["revision"], tuple(step["heads_after"])) for step in document["steps"])
        return Done(steps, tuple(document["heads_after"]))

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.program, "--dir", self.folder, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=SECONDS_MAX)
