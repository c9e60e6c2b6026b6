"""The measurement: every tool on a database of its own, in rotating order, and a look at what it did."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Callable

import steps
from cluster import Cluster
from command import Command
from command import Failure
from command import run
from place import Place
from tool import Tool

# How often a tool is started where nothing is to be done: so often, or so many seconds long, but a few times at least.
IDLE_RUNS_MAX = 20
IDLE_RUNS_MIN = 3
IDLE_SECONDS = 3.0


@dataclass(frozen=True)
class Sample:
    """What one run cost, in seconds: on the clock, and on processors in the tool and in the server."""

    wall: float
    client: float
    server: float

    @property
    def processor(self) -> float:
        """Both together."""
        return self.client + self.server


@dataclass
class Record:
    """All that was measured of one tool."""

    tool: Tool
    applied: list[Sample] = field(default_factory=list)
    idle: list[Sample] = field(default_factory=list)
    # The seconds on the clock of each single run of `idle`, whose samples are means.
    idle_walls: list[float] = field(default_factory=list)
    failure: str | None = None


def rotated(records: list[Record], turn: int) -> list[Record]:
    """The order of a round: each tool comes first once, and after a different distance from the start each time."""
    start = turn % len(records)
    return records[start:] + records[:start]


def measure(cluster: Cluster, tools: list[Tool], count: int, rounds: int, say: Callable[[str], None]) -> list[Record]:
    """One round that warms up caches and does not count, then the others. A tool that fails is not tried again."""
    records = [Record(tool) for tool in tools]
    for turn in range(rounds + 1):
        for record in rotated(records, turn):
            if record.failure is not None:
                continue
            try:
                applied, idle, walls = _one(cluster, record.tool, count)
            except Failure as failure:
                record.failure = str(failure)
                say(f"{record.tool.name} failed: {failure}")
                continue
            say(f"round {turn}: {record.tool.name}: {applied.wall:.2f} s, nothing to do {min(walls) * 1000:.1f} ms")
            if turn > 0:
                record.applied.append(applied)
                record.idle.append(idle)
                record.idle_walls += walls
    return records


def _one(cluster: Cluster, tool: Tool, count: int) -> tuple[Sample, Sample, list[float]]:
    database = "peers"
    place = cluster.fresh_database(database)
    try:
        applied = _sample(cluster, tool.apply(place))
        _check(cluster, tool, place, count)
        samples: list[Sample] = []
        while len(samples) < IDLE_RUNS_MIN or (
            len(samples) < IDLE_RUNS_MAX and sum(sample.wall for sample in samples) < IDLE_SECONDS
        ):
            samples.append(_sample(cluster, tool.nothing_to_do(place)))
        _check(cluster, tool, place, count)
    finally:
        cluster.drop_database(database)
    return applied, _mean(samples), [sample.wall for sample in samples]


def _sample(cluster: Cluster, command: Command) -> Sample:
    before = cluster.processor_seconds()
    cost = run(command)
    return Sample(cost.wall, cost.processor, cluster.processor_seconds() - before)


def _mean(samples: list[Sample]) -> Sample:
    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    # A single short run would be lost in the ticks that the kernel counts in.
    return Sample(
        mean([sample.wall for sample in samples]),
        mean([sample.client for sample in samples]),
        mean([sample.server for sample in samples]),
    )


def _check(cluster: Cluster, tool: Tool, place: Place, count: int) -> None:
    """The objects of all migrations must be there, and the tool must have recorded all of them."""
    expected = "|".join(str(number) for number in steps.objects(count))
    found = cluster.query(steps.objects_query(count), place.database)
    if found != expected:
        raise Failure(f"{found} tables, columns, indexes and rows in place of {expected}")
    recorded = cluster.query(tool.recorded, place.database)
    if recorded != str(count):
        raise Failure(f"{recorded or 'nothing'} recorded in place of {count}")
