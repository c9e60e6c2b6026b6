"""What a planner answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A revision that is run, and the rows of the version table after it."""

    revision: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """A plan. A stamp has no steps, only rows."""

    steps: tuple[Step, ...]
    rows: tuple[str, ...]

    def __str__(self) -> str:
        steps = "".join(f"{step.revision} {{{', '.join(step.rows)}}}, " for step in self.steps)
        return f"{steps}ends with {{{', '.join(self.rows)}}}"


@dataclass(frozen=True)
class Refused:
    """A message. `kind` is host's word for it."""

    message: str
    kind: str = ""

    def __str__(self) -> str:
        return f"refuses{f' ({self.kind})' if self.kind else ''}: {self.message}"


@dataclass(frozen=True)
class Crashed:
    """An exception that is no message for users; `revisions` were planned before the rows could not be kept."""

    exception: str
    revisions: tuple[str, ...] | None = None

    def __str__(self) -> str:
        planned = f" after planning {', '.join(self.revisions)}" if self.revisions is not None else ""
        return f"crashes{planned}: {self.exception}"


Outcome = Done | Refused | Crashed
