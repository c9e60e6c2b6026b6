"""What the figures depend on."""

from __future__ import annotations

import os
import re
from pathlib import Path

from command import Failure

# Where packages put the server programs of PostgreSQL: Debian, the project's own RPMs, Homebrew.
PACKAGED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin")


def facts(server_version: str) -> str:
    """One line: processor, cores, memory, kernel, PostgreSQL, how busy the machine is."""
    return (
        f"{os.cpu_count()} cores of {_field('cpuinfo', 'model name')}, memory {_field('meminfo', 'MemTotal')}, "
        f"Linux {os.uname().release}, PostgreSQL {server_version}, load average {load()}"
    )


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def postgres_programs() -> Path:
    """The folder with the server programs: that of HOST_PG_BIN, of PATH, or the newest that a package brought."""
    named = [os.environ["HOST_PG_BIN"]] if os.environ.get("HOST_PG_BIN") else []
    on_path = [folder for folder in os.environ["PATH"].split(os.pathsep) if os.path.isabs(folder)]
    packaged = [folder for pattern in PACKAGED for folder in Path("/").glob(pattern)]
    newest_first = sorted(packaged, key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))])[::-1]
    for folder in [*named, *on_path, *newest_first]:
        programs = Path(folder, "initdb").resolve().parent
        # psql, too: Debian's own in PATH is a script that looks for it, which would be measured.
        if all((programs / name).exists() for name in ("initdb", "postgres", "psql")):
            return programs
    raise Failure("there are no server programs of PostgreSQL here; set HOST_PG_BIN to the folder that holds them")


def _field(file: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.+)$", Path("/proc", file).read_text(), re.MULTILINE)
    return found[1] if found else "unknown"
