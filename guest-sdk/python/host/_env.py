"""What surrounds a run: a log, progress, and the facts of the run."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal, overload

from . import _bridge

Level = Literal["trace", "debug", "info", "warn", "error"]
_LEVELS = ("trace", "debug", "info", "warn", "error")


def log(message: object, level: Level = "info") -> None:
    """Writes a line to host's log. `print` and Python's `logging` do so, too.

    ```python
    host.log("12 rows have no country", "warn")
    ```
    """
    if level not in _LEVELS:
        raise ValueError(f"'{level}' is not a level: choose of {', '.join(_LEVELS)}")
    _bridge.env.log(_bridge.env.Level[level.upper()], _printable(message))


def _printable(text: object) -> str:
    """A text without what is no character: a lone surrogate cannot leave the component."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def progress(label: str, done: int, total: int | None = None) -> None:
    """Says how far a long piece of work is: `done` of `total`, where that is known.

    ```python
    host.progress("phone numbers", 500, 12_000)
    ```
    """
    numbers = [int(done)] if total is None else [int(done), int(total)]
    if any(not 0 <= number < 1 << 64 for number in numbers):
        raise ValueError("progress is told in whole numbers from 0 on, of 64 bits")
    _bridge.env.progress(_printable(label), numbers[0], None if total is None else numbers[1])


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The facts of a run. They stay the same while it lasts.

    >>> run = RunInfo("3f2a9c1b7d04", 150018, ("public",), False, 1_790_000_000_000_000, 7, (("batch", "10"), ("batch", "20")))
    >>> run.arg("batch"), run.arg("tenant", "all")
    ('20', 'all')
    >>> run.now
    datetime.datetime(2026, 9, 21, 14, 13, 20, tzinfo=datetime.timezone.utc)
    """

    revision: str
    """The revision that runs."""
    server_version: int
    """The server's version as in `server_version_num`, for example 150018."""
    search_path: tuple[str, ...]
    """The schemas in which names without a schema are looked up, in order."""
    dry_run: bool
    """Whether a script is being written instead of a database changed."""
    now_micros: int
    """When the run began: microseconds since 1970-01-01 UTC, by the database's clock."""
    seed: int
    """A number for generators. It follows from the revision. `random` begins with it."""
    args: tuple[tuple[str, str], ...]
    """What the operator gave with `-x KEY=VALUE`, in that order."""

    @overload
    def arg(self, key: str) -> str | None: ...
    @overload
    def arg(self, key: str, default: str) -> str: ...
    def arg(self, key: str, default: str | None = None) -> str | None:
        """What the operator gave with `-x KEY=VALUE` for this key; the last one counts."""
        return dict(self.args).get(key, default)

    @property
    def now(self) -> datetime.datetime:
        """When the run began."""
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return epoch + datetime.timedelta(microseconds=self.now_micros)


def run_info() -> RunInfo:
    """The facts of this run: the revision, the server, the time, a seed, and what the operator gave.

    ```python
    batch = int(host.run_info().arg("batch", "500"))
    ```
    """
    run = _bridge.env.run()
    return RunInfo(
        run.revision,
        run.server_version,
        tuple(run.search_path),
        run.dry_run,
        run.now_micros,
        run.seed,
        tuple((key, value) for key, value in run.args),
    )
