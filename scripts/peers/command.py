"""Running programs in a sealed environment, and what they cost."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

# Of what a program printed, where it failed.
LINES_SHOWN = 8


class Failure(Exception):
    """A program that failed, or did not do its work."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, and what its environment has beside PATH, LANG and an empty HOME."""

    arguments: list[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, from before the program is started until it was waited for, and on processors."""

    wall: float
    processor: float


def run(command: Command) -> Cost:
    """Runs a program to its end. What it prints is only seen when it fails."""
    home = command.folder / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), **command.environment}
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                command.arguments,
                cwd=command.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise Failure(f"{command.arguments[0]} did not start: {error.strerror}") from None
        # In place of Popen.wait, which does not tell the resources. They include those of the program's own children.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            last = output.read().decode(errors="replace").splitlines()[-LINES_SHOWN:]
            raise Failure("\n".join([f"{Path(command.arguments[0]).name} ended with {process.returncode}", *last]))
    return Cost(wall, usage.ru_utime + usage.ru_stime)
