"""Runs the tests of a source distribution of Alembic, and counts.

python3 -m alembic_suite FOLDER
"""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cluster import SUPERUSER, Cluster
from place import Place

#: What speaks to a database or writes SQL for one. The rest is about revision graphs, configuration and the command line, which are host's.
_FILES = """
test_op.py test_op_naming_convention.py test_bulk_insert.py test_batch.py test_suite.py test_postgresql.py test_impl.py
test_environment.py test_offline_environment.py test_version_table.py test_script_consumption.py test_autogen_*.py
"""
_DATABASE = "suite"
_PREPARE = """
CREATE SCHEMA test_schema;
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION btree_gist;
CREATE COLLATION "en_US" (locale = 'C');
"""
_PERCENT_LEAST = 95


def programs() -> Path:
    """The folder of the newest server programs."""
    if own := os.environ.get("HOST_PG_BIN"):
        return Path(own)
    return Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])


def _count(text: str, word: str) -> int:
    found = re.findall(rf"(\d+) {word}", text)
    return int(found[-1]) if found else 0


def main(folder: Path) -> int:
    """The exit code."""
    tests = sorted(str(path.relative_to(folder)) for name in _FILES.split() for path in (folder / "tests").glob(name))
    with tempfile.TemporaryDirectory(prefix="host-alembic-suite.") as place:
        os.chmod(place, 0o755)
        cluster = Cluster(programs(), Path(place))
        try:
            cluster.query(f"CREATE DATABASE {_DATABASE}")
            cluster.query(_PREPARE, _DATABASE)
            url = Place(cluster.port, SUPERUSER, _DATABASE).url().replace("postgresql://", "postgresql+hostsuite://").replace(
                "postgres://", "postgresql+hostsuite://"
            )
            command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "--maxfail=1000000", "-p", "alembic_suite.plugin"]
            done = subprocess.run([*command, "--dburi", url, *tests], cwd=folder, capture_output=True, text=True)
        finally:
            cluster.close()
    lines = done.stdout.strip().splitlines()
    for line in lines:
        if line.startswith(("FAILED", "ERROR")):
            print(line)
    last = lines[-1] if lines else ""
    passed, failed, skipped = _count(last, "passed"), _count(last, "failed") + _count(last, "error"), _count(last, "skipped")
    if passed == 0:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
        return 1
    print(f"{passed} passed, {failed} failed, {skipped} not applicable to PostgreSQL or to this version")
    return 0 if passed * 100 >= (passed + failed) * _PERCENT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
