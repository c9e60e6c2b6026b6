"""A PostgreSQL server for one run of the benchmark: on a TCP port, with the default, durable settings."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import processor
from command import Failure
from place import ADDRESS
from place import Place

# The users that a server is run as by root, as which PostgreSQL refuses to run, best first.
SERVICE_ACCOUNTS = ("postgres", "nobody")

# Owns the databases, and is what the tools connect as: an ordinary role, as where they are deployed.
ROLE = "peers"

SUPERUSER = "postgres"

# Until a server has started or stopped, or a session has ended, in seconds.
PATIENCE = 60.0


class Cluster:
    """Removed by `close`, with its data."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Makes a cluster below a folder, with the server programs of another one, and starts its server."""
        self.programs = programs
        self._account = _account()
        self._data = folder / "data"
        self._data.mkdir(mode=0o700)
        if "user" in self._account:
            os.chown(self._data, self._account["user"], self._account["group"])
        options = ["--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        made = subprocess.run(
            [programs / "initdb", "--pgdata", self._data, *options],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **self._account,
        )
        if made.returncode != 0:
            raise Failure(f"initdb failed: {made.stderr.strip()}")
        self.port = _free_port()
        with (folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [programs / "postgres", "-D", self._data, "-p", str(self.port)]
                + ["-c", f"listen_addresses={ADDRESS}", "-c", "unix_socket_directories="],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the benchmark, which then stops the server.
                start_new_session=True,
                **self._account,
            )
        try:
            self._wait_until_ready()
            self.query(f"CREATE ROLE {ROLE} LOGIN")
        except BaseException:
            self.close()
            raise

    def query(self, sql: str, database: str = "postgres") -> str:
        """What psql prints for a statement of the superuser, columns separated by `|`."""
        place = Place(self.port, SUPERUSER, database)
        arguments = [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", place.url()]
        done = subprocess.run(arguments, input=sql, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        return done.stdout.strip()

    def fresh_database(self, name: str) -> Place:
        """An empty database. The disk has nothing left to do for those before it."""
        self.query(f"CREATE DATABASE {name} OWNER {ROLE}")
        self.query("CHECKPOINT")
        return Place(self.port, ROLE, name)

    def drop_database(self, name: str) -> None:
        self.query(f"DROP DATABASE {name}")

    def processor_seconds(self) -> float:
        """What the server has used so far, with all sessions that ended. Waits until there is none."""
        deadline = time.monotonic() + PATIENCE
        while any(ADDRESS in processor.title(child.pid) for child in self._children()):
            if time.monotonic() > deadline:
                raise Failure("a session did not end")
            time.sleep(0.002)
        return processor.seconds(self._server.pid)

    def close(self) -> None:
        """Stops the server, whatever it does."""
        if self._server.poll() is None:
            # Fast shutdown; immediate shutdown (PostgreSQL manual, "Shutting Down the Server").
            for stop in (signal.SIGINT, signal.SIGQUIT):
                self._server.send_signal(stop)
                try:
                    self._server.wait(PATIENCE)
                    break
                except subprocess.TimeoutExpired:
                    continue
        shutil.rmtree(self._data, ignore_errors=True)

    def _children(self) -> list[processor.Process]:
        return [child for child in processor.family(self._server.pid) if child.pid != self._server.pid]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.query("SELECT")
                return
            except Failure as failure:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"the server did not start: {failure}") from None
            time.sleep(0.05)


def _account() -> dict[str, Any]:
    """Arguments of Popen for the user that the server runs as."""
    if os.geteuid() != 0:
        return {}
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Failure("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        return listener.getsockname()[1]
