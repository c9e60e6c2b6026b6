"""How much processor time processes use, by proc(5)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A line of /proc/<pid>/stat. Times are in ticks, in user mode and in the kernel together."""

    pid: int
    parent: int
    own: int
    # Of children that ended and were waited for, and of theirs.
    ended_children: int


def parse(line: str) -> Process:
    """Reads the line; the name in it stands in parentheses and can hold anything."""
    head, _, tail = line.rpartition(")")
    fields = tail.split()
    own, ended_children = (int(fields[place]) + int(fields[place + 1]) for place in (11, 13))
    return Process(int(head.split()[0]), int(fields[1]), own, ended_children)


def family(pid: int) -> list[Process]:
    """A process and its living children."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                process = parse((entry / "stat").read_text())
            except OSError:
                # It ended meanwhile.
                continue
            if pid in (process.pid, process.parent):
                members.append(process)
    return members


def seconds(pid: int) -> float:
    """The processor time of a process and its children, those that ended included. Exact to a tick for each of them."""
    ticks = sum(process.own + (process.ended_children if process.pid == pid else 0) for process in family(pid))
    return ticks / TICKS_PER_SECOND


def title(pid: int) -> str:
    """What a process says that it is, or nothing once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
