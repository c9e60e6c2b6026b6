"""Databases and what is in them."""

from __future__ import annotations

import subprocess

from cluster import SUPERUSER, Cluster
from place import Place

#: What host keeps for itself.
_OWN_TABLES = "host_*"
_ROW = "INSERT INTO"


class Database:
    """An empty database of the cluster."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        cluster.query(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cluster.query(f"CREATE DATABASE {name}")
        self._cluster = cluster
        self.url = Place(cluster.port, SUPERUSER, name).url("postgresql").partition("?")[0]

    def run(self, script: str) -> None:
        """Runs a script as psql does."""
        command = [self._cluster.programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", self.url]
        done = subprocess.run(command, input=script, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"a script fails: {done.stderr.strip()}")

    def content(self) -> str:
        """Structure and rows, the version table with them, without what host keeps for itself."""
        command = [self._cluster.programs / "pg_dump", "--no-owner", "--inserts", "--exclude-table", _OWN_TABLES, self.url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("--", "\\"))]
        rows = [line for line in lines if line.startswith(_ROW)]
        # In which order they lie is the server's business.
        return "\n".join([line for line in lines if not line.startswith(_ROW)] + sorted(rows))
