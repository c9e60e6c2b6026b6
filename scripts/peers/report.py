"""The table of figures, and the goals."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from measure import Record
from measure import Sample

# What all figures are compared with: the subject, and the leanest of the others.
SUBJECT = "host"
REFERENCE = "goose"

# How much more processor time, of tool and server together, the subject may take than the reference.
PROCESSOR_RATIO_MAX = 1.2


@dataclass(frozen=True)
class Figure:
    """The best of all rounds of one tool, in seconds; for the clock the median, too."""

    name: str
    version: str
    takes_part: bool
    wall: float
    wall_median: float
    client: float
    server: float

    @property
    def processor(self) -> float:
        """Of tool and server together, in the round where that is least."""
        return self.client + self.server


@dataclass(frozen=True)
class Goal:
    """What has to hold, what was found, and whether it holds; None where it could not be measured."""

    name: str
    found: str
    kept: bool | None


def applied(records: list[Record]) -> list[Figure]:
    """The figures of applying all migrations."""
    return [_figure(it, [sample.wall for sample in it.applied], it.applied) for it in records if it.failure is None]


def idle(records: list[Record]) -> list[Figure]:
    """The figures of having nothing to do."""
    return [_figure(it, it.idle_walls, it.idle) for it in records if it.failure is None]


def _figure(record: Record, walls: list[float], samples: list[Sample]) -> Figure:
    leanest = min(samples, key=lambda sample: sample.processor)
    tool = record.tool
    return Figure(
        tool.name, tool.version(), tool.takes_part, min(walls), median(walls), leanest.client, leanest.server
    )


def table(figures: list[Figure], left_out: dict[str, str], unit: str) -> str:
    """Rows by time on the clock; the unit is `s` or `ms`. What is left out stands at the end, with the reason."""
    factor, digits = (1000.0, 1) if unit == "ms" else (1.0, 2)
    subject, reference = (_find(figures, name) for name in (SUBJECT, REFERENCE))
    lines = [
        f"| tool | time, best (median), {unit} | to {SUBJECT} | to {REFERENCE} "
        f"| processor: tool + server = both, {unit} | to {SUBJECT} | to {REFERENCE} |",
        "|---|---|---|---|---|---|---|",
    ]
    for figure in sorted(figures, key=lambda figure: figure.wall):
        wall, wall_median, client, server, both = (
            f"{value * factor:.{digits}f}"
            for value in (figure.wall, figure.wall_median, figure.client, figure.server, figure.processor)
        )
        walls = [_ratio(figure.wall, other.wall if other else None) for other in (subject, reference)]
        processors = [_ratio(figure.processor, other.processor if other else None) for other in (subject, reference)]
        name = f"{figure.name} {figure.version}" if figure.takes_part else f"{figure.name} (no tool)"
        cells = [name, f"{wall} ({wall_median})", *walls]
        lines.append("| " + " | ".join([*cells, f"{client} + {server} = {both}", *processors]) + " |")
    for name, reason in left_out.items():
        # Of several lines the first says what went wrong.
        lines.append(f"| {name} | not measured: {reason.splitlines()[0]} | | | | | |")
    return "\n".join(lines)


def goals(applied: list[Figure], idle: list[Figure]) -> list[Goal]:
    """All goals, in order."""
    return [_first("applying all", applied), _first("nothing to do", idle), _lean(applied)]


def _first(what: str, figures: list[Figure]) -> Goal:
    name = f"{what}: {SUBJECT} is the first by time on the clock"
    subject = _find(figures, SUBJECT)
    others = [figure for figure in figures if figure.takes_part and figure.name != SUBJECT]
    if subject is None or not others:
        return Goal(name, "not measured", None)
    best = min(others, key=lambda figure: figure.wall)
    return Goal(name, f"{_ratio(subject.wall, best.wall)} times {best.name}", subject.wall <= best.wall)


def _lean(figures: list[Figure]) -> Goal:
    name = f"applying all: processor time at most {PROCESSOR_RATIO_MAX} times that of {REFERENCE}"
    subject, reference = (_find(figures, name) for name in (SUBJECT, REFERENCE))
    if subject is None or reference is None or reference.processor == 0:
        return Goal(name, "not measured", None)
    ratio = subject.processor / reference.processor
    return Goal(name, f"{ratio:.2f}", ratio <= PROCESSOR_RATIO_MAX)


def goal_table(goals: list[Goal]) -> str:
    """A row for each."""
    verdicts = {True: "ok", False: "MISSED", None: "NOT MEASURED"}
    rows = [f"| {goal.name} | {goal.found} | {verdicts[goal.kept]} |" for goal in goals]
    return "\n".join(["| goal | found | |", "|---|---|---|", *rows])


def _find(figures: list[Figure], name: str) -> Figure | None:
    return next((figure for figure in figures if figure.name == name), None)


def _ratio(value: float, other: float | None) -> str:
    return f"{value / other:.2f}" if other else ""
