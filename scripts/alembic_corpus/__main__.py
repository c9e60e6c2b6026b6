"""Runs the projects.

python3 -m alembic_corpus HOST PROJECT…
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from alembic_suite.__main__ import programs
from cluster import Cluster

from .databases import Database
from .project import Failed, NotInThisVersion, Programs, Run, compare, compare_scripts, revisions


def _one(project: Path, tools: Programs, cluster: Cluster, place: Path) -> str:
    theirs = Run(project, place / "alembic", Database(cluster, "theirs"), [tools.alembic], "+psycopg")
    ours = Run(project, place / "host", Database(cluster, "ours"), [tools.host], "")
    ours.call("init", "--from-alembic")
    ours.grant()
    steps = revisions(theirs)
    states = compare(theirs, ours, steps)
    scripts = compare_scripts(theirs, ours, (Database(cluster, "theirs_script"), Database(cluster, "ours_script")))
    return f"{len(steps)} revisions, {states} states are the same; {scripts}"


def main(host: Path, projects: list[Path]) -> int:
    """The exit code."""
    tools = Programs(Path(sys.executable).with_name("alembic"), host)
    failed = skipped = 0
    other_versions = "ALEMBIC" in os.environ
    with tempfile.TemporaryDirectory(prefix="host-alembic-corpus.") as place:
        os.chmod(place, 0o755)
        cluster = Cluster(programs(), Path(place))
        try:
            for project in projects:
                try:
                    print(f"{project.name}: {_one(project, tools, cluster, Path(place))}", flush=True)
                except NotInThisVersion as problem:
                    # With the runtime's own versions there is no excuse.
                    skipped, failed = skipped + other_versions, failed + (not other_versions)
                    print(f"{project.name}: Alembic does not run it: {str(problem).strip().splitlines()[-1]}", flush=True)
                except (Failed, AssertionError) as problem:
                    failed += 1
                    print(f"{project.name}: FAILED: {problem}", flush=True)
        finally:
            cluster.close()
    print(f"{len(projects) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), [Path(name).absolute() for name in sys.argv[2:]]))
