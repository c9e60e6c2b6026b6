"""Compares host's plans with Alembic's, on random graphs, version tables and targets; see scripts/differential."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

from alembic_side import Alembic
from chance import COMMANDS
from chance import random_graph
from chance import random_rows
from chance import random_targets
from case import Case
from differences import BOTH_REFUSE
from differences import DIFFERENCES
from differences import SAME
from differences import UNEXPLAINED
from differences import verdict
from graph import Graph
from graph import Revision
from host_side import Host
from host_side import VersionTable

# Rows of the table that count other things than cases.
WITH_STEPS = "  of them plans with steps"
STEPS = "  steps in these plans"

# After so many faults the rest hardly tells more.
FAULTS_SHOWN_MAX = 20


def main() -> int:
    options = _options()
    check_documentation(options.documentation)
    numbers = [options.only] if options.only is not None else range(options.graphs)
    chunks = [list(numbers)[start :: options.processes] for start in range(options.processes)]
    started = time.monotonic()
    counts: Counter[tuple[str, str]] = Counter()
    faults: list[str] = []
    with ProcessPoolExecutor(options.processes) as pool:
        jobs = [pool.submit(compare, options, worker, chunk) for worker, chunk in enumerate(chunks) if chunk]
        for job in jobs:
            some_counts, some_faults = job.result()
            counts += some_counts
            faults += some_faults
    for fault in faults[:FAULTS_SHOWN_MAX]:
        print(fault)
    print_table(counts)
    seconds = time.monotonic() - started
    cases = sum(count for (name, _), count in counts.items() if name not in (WITH_STEPS, STEPS))
    print(f"seed {options.seed}, {len(numbers)} graphs, {cases} cases in {seconds:.0f} s: {len(faults)} unexplained")
    return 1 if faults else 0


def compare(options: argparse.Namespace, worker: int, numbers: list[int]) -> tuple[Counter[tuple[str, str]], list[str]]:
    """The cases of some graphs, in a process of its own."""
    counts: Counter[tuple[str, str]] = Counter()
    faults: list[str] = []
    table = VersionTable(options.url, str(worker))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        host = Host(options.host, Path(folder) / "project", options.url, table)
        for number in numbers:
            random = Random(f"{options.seed}:{number}")
            graph = random_graph(random, options.revisions)
            alembic = Alembic(graph)
            host.write(graph)
            for _ in range(options.row_sets):
                rows = random_rows(random, graph)
                for _ in range(options.targets):
                    command = random.choice(COMMANDS)
                    targets = random_targets(random, graph, command, rows)
                    case = ask(graph, command, rows, targets, alembic, host)
                    found = verdict(case)
                    counts[found, command] += 1
                    if found == SAME and case.host.steps:
                        counts[WITH_STEPS, command] += 1
                        counts[STEPS, command] += len(case.host.steps)
                    if found == UNEXPLAINED:
                        faults.append(describe(options.seed, number, smaller(case, host)))
                        host.write(graph)
    table.close()
    return counts, faults


def ask(
    graph: Graph, command: str, rows: tuple[str, ...], targets: tuple[str, ...], alembic: Alembic, host: Host
) -> Case:
    host.table.set(rows)
    ask_alembic = partial(alembic.ask, command, rows)
    return Case(graph, command, rows, targets, host.ask(command, targets), ask_alembic(targets), ask_alembic)


def smaller(case: Case, host: Host) -> Case:
    """Leaves out revisions as long as the answers stay unexplained."""
    position = 0
    while position < len(case.graph.revisions):
        graph = without(case.graph, case.graph.revisions[position])
        position += 1
        if not graph.revisions:
            continue
        host.write(graph)
        rows = tuple(row for row in case.rows if row in graph.by_id or row not in case.graph.by_id)
        try:
            tried = ask(graph, case.command, rows, case.texts, Alembic(graph), host)
        except Exception:
            continue
        if verdict(tried) == UNEXPLAINED:
            case, position = tried, 0
    return case


def without(graph: Graph, gone: Revision) -> Graph:
    """The graph without one revision, whose children take its parents."""
    revisions = []
    for revision in graph.revisions:
        if revision == gone:
            continue
        parents = [gone.revises if parent == gone.id else (parent,) for parent in revision.revises]
        revises = tuple(dict.fromkeys(one for several in parents for one in several))
        needs = tuple(name for name in revision.depends_on if name != gone.id and name not in gone.labels)
        revisions.append(Revision(revision.id, revises, needs, revision.labels))
    return Graph(tuple(revisions))


def describe(seed: str, number: int, case: Case) -> str:
    lines = [f"UNEXPLAINED: {case.command} {' '.join(case.texts)}   (--seed {seed} --only {number})"]
    lines += [f"    revision {revision}" for revision in case.graph.revisions]
    lines += [f"  rows      {', '.join(case.rows) or 'none'}"]
    lines += [f"  Alembic   {case.alembic}", f"  host      {case.host}", ""]
    return "\n".join(lines)


def print_table(counts: Counter[tuple[str, str]]) -> None:
    commands = sorted(set(COMMANDS), reverse=True)
    print(f"{'':38}{'cases':>8}{''.join(f'{command:>12}' for command in commands)}")
    for name in [SAME, WITH_STEPS, STEPS, BOTH_REFUSE, *DIFFERENCES, UNEXPLAINED]:
        numbers = [counts[name, command] for command in commands]
        print(f"{name:38}{sum(numbers):8}{''.join(f'{number:12}' for number in numbers)}")


def check_documentation(file: Path) -> None:
    """Every difference has to be explained, and nothing else."""
    explained = {line.removeprefix("### ").strip("`\n") for line in file.open() if line.startswith("### `")}
    if explained != set(DIFFERENCES):
        sys.exit(f"{file} and differences.py do not name the same differences: {sorted(explained ^ set(DIFFERENCES))}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/differential", description=__doc__)
    parser.add_argument("--seed", default="1", help="the same seed gives the same cases (default 1)")
    parser.add_argument("--graphs", type=int, default=2000, help="how many graphs (default 2000)")
    parser.add_argument("--row-sets", type=int, default=4, help="how many version tables for each graph (default 4)")
    parser.add_argument("--targets", type=int, default=4, help="how many targets for each version table (default 4)")
    parser.add_argument("--revisions", type=int, default=40, help="how many revisions at most (default 40)")
    parser.add_argument("--processes", type=int, default=2, help="how many cases at a time (default 2)")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one graph, by its number")
    for name in ("--host", "--folder", "--documentation"):
        parser.add_argument(name, type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--url", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
