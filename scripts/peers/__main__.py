"""Measures host side by side with other migration tools; see scripts/bench and docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
import report
from cluster import Cluster
from command import Failure
from measure import measure
from steps import steps
from tool import Tool
from tools import TOOLS
from tools.host import Host
from tools.psql import Psql

ROOT = Path(__file__).absolute().parents[2]


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="host-peers.") as scratch:
        folder = Path(scratch)
        # The server's user has to get to its data.
        folder.chmod(0o711)
        programs = machine.postgres_programs()
        tools, left_out = _tools(options, folder, programs)
        for tool in tools:
            tool.write(steps(options.migrations))
        cluster = Cluster(programs, folder)
        try:
            print(machine.facts(cluster.query("SHOW server_version")), flush=True)
            records = measure(cluster, tools, options.migrations, options.rounds, _say)
        finally:
            cluster.close()
    left_out |= {record.tool.name: f"failed: {record.failure}" for record in records if record.failure is not None}
    applied, idle = report.applied(records), report.idle(records)
    goals = report.goals(applied, idle)
    print(f"\nApplying {options.migrations} migrations, best of {options.rounds}\n")
    print(report.table(applied, left_out, "s"))
    print(f"\nNothing to do, {options.migrations} migrations\n")
    print(report.table(idle, left_out, "ms"))
    print(f"\n{report.goal_table(goals)}\n\nload average at the end {machine.load()}")
    failed = any(record.failure is not None for record in records)
    return 0 if all(goal.kept for goal in goals) and not failed else 1


def _tools(options: argparse.Namespace, folder: Path, programs: Path) -> tuple[list[Tool], dict[str, str]]:
    """Those that are to be measured and can be, and why others cannot."""
    # As cargo reads the variable: from the folder that it is started in.
    target = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).absolute()
    installed = target / "peers"
    kinds = [kind for kind in TOOLS if not options.tools or kind.name in options.tools]
    here = {Psql: programs / "psql"} | ({Host: _host(options.host, target)} if Host in kinds else {})
    names = [kind.name for kind in kinds if kind not in here]
    subprocess.run([ROOT / "scripts/peers/install", installed, *names], stdout=sys.stderr, check=True)
    tools: list[Tool] = []
    left_out: dict[str, str] = {}
    for kind in kinds:
        project = folder / kind.name
        project.mkdir()
        tool = kind(here.get(kind, installed / kind.name), project)
        reason = tool.missing()
        if reason is None:
            tools.append(tool)
        else:
            left_out[kind.name] = reason
    return tools, left_out


def _host(given: Path | None, target: Path) -> Path:
    """A release binary of the subject."""
    if given is not None:
        return given.absolute()
    command = ["cargo", "build", "--locked", "--quiet", "--release", "--package", "host"]
    if subprocess.run(command, cwd=ROOT, stdout=sys.stderr).returncode != 0:
        raise Failure("cargo could not build host")
    return target / "release/host"


def _options() -> argparse.Namespace:
    names = [kind.name for kind in TOOLS]
    parser = argparse.ArgumentParser(prog="scripts/bench peers", description=__doc__)
    parser.add_argument("--host", type=Path, metavar="PROGRAM", help="a release binary of host (default: it is built)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each is measured, after one to warm up (default 5)"
    )
    parser.add_argument("--migrations", type=int, default=1000, help="how many migrations there are (default 1000)")
    parser.add_argument(
        "tools", nargs="*", metavar="tool", help=f"measure only these (default all): {', '.join(names)}"
    )
    options = parser.parse_args()
    if unknown := [name for name in options.tools if name not in names]:
        parser.error(f"unknown tool {unknown[0]}")
    if options.rounds < 1 or options.migrations < 1:
        parser.error("--rounds and --migrations are at least 1")
    return options


def _say(line: str) -> None:
    """Progress, apart from the figures."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
