"""What a migration cannot have: files, network, processes, other modules. Each refusal says so, and what to do instead."""

import builtins
import gc
import importlib.machinery
import io
import linecache
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

_NETWORK = """
_socket _ssl asyncore asyncio ftplib http http.client http.server imaplib nntplib poplib select selectors smtplib socket
socketserver ssl telnetlib urllib.request urllib.error urllib.robotparser webbrowser wsgiref xmlrpc
aiohttp boto3 botocore grpc httpx httpcore kafka paramiko pika redis requests urllib3 websocket websockets
"""
_PROCESSES = "_posixsubprocess concurrent multiprocessing pty signal subprocess sh pexpect psutil"
_FILES = "dbm fileinput filecmp glob mmap shelve shutil sqlite3 tarfile tempfile zipapp zipfile zipimport"
_DATABASES = """
aiopg asyncpg django MySQLdb mysql odbc oracledb pg8000 peewee pgdb psycopg psycopg2 psycopg_pool pymongo pymysql pyodbc
sqlmodel tortoise
"""
COMPILED = """
_ctypes cffi cryptography ctypes cv2 duckdb lxml matplotlib numba numpy orjson pandas PIL polars pyarrow pydantic
pydantic_core pydantic_settings scipy simplejson sklearn tensorflow torch ujson
"""

_WHAT_THEN = "do it before or after `host upgrade`, and hand the result over with `-x KEY=VALUE` or in a table"
_NO_NETWORK = f"migrations have no network, so {_WHAT_THEN}"
_NO_PROCESSES = f"migrations have no processes, so {_WHAT_THEN}"
_NO_FILES = "migrations have no files, so write the data into the migration or into a table"
#: Why modules are refused, and what to do instead.
_REASONS = {
    **dict.fromkeys(_NETWORK.split(), _NO_NETWORK),
    **dict.fromkeys(_PROCESSES.split(), _NO_PROCESSES),
    **dict.fromkeys(_FILES.split(), _NO_FILES),
    **dict.fromkeys(
        _DATABASES.split(), "migrations have the one connection that host owns: use host.execute and host.query"
    ),
    **dict.fromkeys(
        COMPILED.split(),
        "it is compiled for one kind of machine, and migrations are WebAssembly, so compute in Python or in SQL",
    ),
}


#: What to do about a module that nobody knows.
_unknown = (
    "list it in [python] requirements of host.toml if it is a package in pure Python; what lies beside a migration is not "
    "loaded, so write that into the migration"
)


def say_of_unknown(advice: str) -> None:
    """Says something else about modules that nobody knows."""
    global _unknown
    _unknown = advice


def allow(*names: str) -> None:
    """Refuses these modules no longer: a runtime that is made of this one has them."""
    for name in names:
        _REASONS.pop(name, None)


def advise(names: str, advice: str) -> None:
    """Says more about modules that are refused."""
    for name in names.split():
        _REASONS[name] = f"{_REASONS[name]}; {advice}"


class RefusingFinder:
    """The last finder, which says what is the matter instead of looking for files that do not exist."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> NoReturn:
        raise ModuleNotFoundError(_no_module(name), name=name)


class GuardingFinder:
    """The first finder: refuses what Python has, and a migration must not have."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if _reason(name) is not None:
            raise ModuleNotFoundError(_no_module(name), name=name)


class Finders(list[Any]):
    """`sys.meta_path`: what a package appends to it comes before the finder that refuses what is left."""

    def append(self, finder: Any) -> None:
        self.insert(len(self) - 1, finder)


def _reason(name: str) -> str | None:
    return _REASONS.get(name) or _REASONS.get(name.partition(".")[0])


def _no_module(name: str) -> str:
    reason = _reason(name)
    if reason is None and name.partition(".")[0] in sys.stdlib_module_names:
        reason = "it is not in the part of the standard library that migrations have"
    if reason is None:
        reason = _unknown
    return f"there is no module '{name}' here: {reason}"


def _refuse(what: str) -> Callable[..., NoReturn]:
    def refused(*args: Any, **named: Any) -> NoReturn:
        subject = f": {args[0]!r}" if args else ""
        raise PermissionError(f"{what}{subject}")

    return refused


_FILE_FUNCTIONS = """
open listdir scandir mkdir makedirs remove unlink rename replace rmdir symlink link truncate readlink chmod chown utime
walk fwalk mkfifo mknod chdir
"""
_PROCESS_FUNCTIONS = """
system popen fork forkpty execl execle execlp execlpe execv execve execvp execvpe spawnl spawnle spawnlp spawnlpe spawnv
spawnve spawnvp spawnvpe posix_spawn posix_spawnp kill
"""


def install() -> None:
    """The last thing that is done when the runtime is built."""
    for name in list(sys.modules):
        if _reason(name) is not None:
            del sys.modules[name]
    looks_for_files = importlib.machinery.PathFinder
    sys.meta_path = Finders([GuardingFinder, *(it for it in sys.meta_path if it is not looks_for_files), RefusingFinder])
    sys.path[:] = []
    sys.path_hooks[:] = []
    sys.path_importer_cache.clear()
    sys.dont_write_bytecode = True
    # It would look for files.
    linecache.checkcache = lambda filename=None: None
    for name in _FILE_FUNCTIONS.split():
        setattr(os, name, _refuse(_NO_FILES))
    for name in _PROCESS_FUNCTIONS.split():
        setattr(os, name, _refuse(_NO_PROCESSES))
    builtins.open = io.open = _refuse(_NO_FILES)
    builtins.input = _refuse("migrations have nobody to ask, so read what `-x KEY=VALUE` gives by host.run_info().arg")
    # What is there already lives as long as the component: no collection has to look at it.
    gc.collect()
    gc.freeze()

