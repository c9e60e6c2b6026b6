"""One project, and the two programs that run it."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .databases import Database


class Failed(Exception):
    """What is different, or does not run."""


class NotInThisVersion(Failed):
    """Alembic itself does not run the project."""


@dataclass
class Programs:
    """What runs the projects."""

    alembic: Path
    host: Path


def _run(command: list[object], folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url, "HOST_DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True)


class Run:
    """A copy of a project with a database of its own."""

    def __init__(self, project: Path, place: Path, database: Database, program: list[Path], driver: str) -> None:
        self.folder, self.database = place / project.name, database
        shutil.copytree(project, self.folder)
        self._program = program
        self._url = database.url.replace("postgresql://", f"postgresql{driver}://")

    def grant(self) -> None:
        """Grants what the project's file `grants` says: what helpers send, which nobody can read from the revisions."""
        wanted, settings = self.folder / "grants", self.folder / "host.toml"
        if wanted.exists():
            lines = [line for line in settings.read_text().splitlines() if not line.startswith("grants")]
            settings.write_text("\n".join([*lines, f"grants = [{wanted.read_text().strip()}]", ""]))

    def call(self, *words: str) -> str:
        """Runs a command; gives what it prints."""
        done = self.attempt(*words)
        if done.returncode != 0:
            kind = NotInThisVersion if self._program[0].name == "alembic" else Failed
            raise kind(f"{self._program[0].name} {' '.join(words)} fails:\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs Python in the project's folder."""
        return _run([sys.executable, *words], self.folder, self._url)

    def attempt(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a command that may fail."""
        return _run([*self._program, *words], self.folder, self._url)


def revisions(run: Run) -> list[tuple[str, str | None]]:
    """All revisions in the order of an upgrade, each with the target of a downgrade behind it; None where they are no line."""
    done = run.python("-m", "alembic_corpus.order")
    if done.returncode != 0:
        raise NotInThisVersion(f"Alembic does not read the project:\n{done.stderr[-2000:]}")
    return [(revision, target) for revision, target in json.loads(done.stdout)]


def same(step: str, theirs: Run, ours: Run) -> None:
    """Refuses databases that differ."""
    expected, found = theirs.database.content().splitlines(), ours.database.content().splitlines()
    if expected != found:
        lines = difflib.unified_diff(expected, found, "alembic", "host", lineterm="", n=1)
        raise Failed(f"the databases differ after {step}:\n" + "\n".join(list(lines)[:40]))


def compare(theirs: Run, ours: Run, steps: list[tuple[str, str | None]]) -> int:
    """Up, down and up, a revision at a time, then all at once; gives how many states were the same."""
    states = 0
    for _ in range(2):
        for revision, _ in steps:
            for run in (theirs, ours):
                run.call("upgrade", revision)
            same(f"upgrade {revision}", theirs, ours)
            states += 1
        if all(target is None for _, target in steps):
            targets = ["base"]
        else:
            targets = [str(target) for _, target in reversed(steps)]
        for target in targets:
            for run in (theirs, ours):
                run.call("downgrade", target)
            same(f"downgrade {target}", theirs, ours)
            states += 1
    for words in (("upgrade", "heads"), ("downgrade", "base")):
        for run in (theirs, ours):
            run.call(*words)
        same(f"{' '.join(words)}, all at once", theirs, ours)
        states += 1
    return states


def compare_scripts(theirs: Run, ours: Run, clean: tuple[Database, Database]) -> str:
    """Scripts of a whole upgrade do the same, or neither tool can write one."""
    expected = theirs.attempt("upgrade", "heads", "--sql")
    found = ours.attempt("upgrade", "base:heads", "--sql")
    if expected.returncode != 0:
        if found.returncode == 0:
            return "host writes a script and Alembic cannot"
        return "neither writes a script: a revision asks for rows"
    if found.returncode != 0:
        raise Failed(f"host writes no script:\n{found.stdout[-800:]}\n{found.stderr[-2500:]}")
    clean[0].run(expected.stdout)
    clean[1].run(found.stdout)
    first, second = clean[0].content().splitlines(), clean[1].content().splitlines()
    if first != second:
        lines = difflib.unified_diff(first, second, "alembic", "host", lineterm="", n=1)
        raise Failed("the scripts do not do the same:\n" + "\n".join(list(lines)[:40]))
    return "the scripts do the same"
