"""Random graphs, version tables and targets. The same seed always gives the same cases."""

from __future__ import annotations

from random import Random

from graph import Graph
from graph import Revision

COMMANDS = ("upgrade", "upgrade", "downgrade", "downgrade", "stamp")


def random_graph(random: Random, revisions_max: int) -> Graph:
    """Several bases, branches, merges, dependencies and labels, mostly loaded in an order that ignores them."""
    count = random.randint(2, random.choice([6, 14, revisions_max]))
    merge = random.choice([0.05, 0.15, 0.3])
    depend = random.choice([0, 0.15, 0.4])
    label = random.choice([0, 0.15, 0.3])
    base = random.choice([0.05, 0.2])
    # From how far back a parent comes: 1 makes chains, many make bushes.
    reach = random.choice([1, 3, 8])
    ids = _ids(random, count)
    revisions: list[Revision] = []
    labels = 0
    for position, id in enumerate(ids):
        near, earlier = ids[max(0, position - reach) : position], revisions[:position]
        parents = random.choice([2, 2, 3, 4]) if random.random() < merge else 1
        if random.random() < base:
            parents = 0
        needs: list[str] = []
        if earlier and random.random() < depend:
            for other in random.sample(earlier, min(len(earlier), random.choice([1, 1, 2]))):
                by_label = other.labels and random.random() < 0.5
                needs.append(random.choice(other.labels) if by_label else other.id)
        own: list[str] = []
        if random.random() < label:
            for _ in range(random.choice([1, 1, 1, 2])):
                labels += 1
                own.append(random.choice(["app", "billing_", "l"]) + str(labels))
        revises = tuple(random.sample(near, min(parents, len(near))))
        revisions.append(Revision(id, revises, tuple(needs), tuple(own)))
    if random.random() < 0.7:
        random.shuffle(revisions)
    return Graph(tuple(revisions))


def _ids(random: Random, count: int) -> list[str]:
    """Ids of one style: few letters, so that prefixes are ambiguous, or twelve digits as usual."""
    alphabet, lengths = random.choice([("ab1", [2, 4, 5, 6, 7]), ("abc123", [4, 5, 6]), ("0123456789abcdef", [12])])
    ids: dict[str, None] = {}
    while len(ids) < count:
        id = "".join(random.choice(alphabet) for _ in range(random.choice(lengths)))
        if not id.isdigit():
            ids[id] = None
    return list(ids)


def random_rows(random: Random, graph: Graph) -> tuple[str, ...]:
    """What a version table could hold: after some upgrades and downgrades; now and then what it should not hold."""
    rows = sorted(_rows(random, graph))
    random.shuffle(rows)
    return tuple(rows)


def _rows(random: Random, graph: Graph) -> set[str]:
    ids = list(graph.by_id)
    chance = random.random()
    if chance < 0.15:
        return set()
    if chance < 0.35:
        return graph.maximal(ids)
    some = random.sample(ids, min(len(ids), random.choice([1, 1, 2, 3, 4])))
    if chance < 0.92:
        # Upgrades to these revisions end with everything before them applied, too.
        applied = graph.closure(some)
        # Downgrades take back revisions that nothing applied needs.
        for _ in range(random.choice([0, 0, 1, 3])):
            if applied:
                applied.remove(random.choice(sorted(graph.maximal(applied))))
        return graph.maximal(applied)
    if chance < 0.97:
        return set(some)
    return {*graph.maximal(some), "gone" + str(random.randint(1, 9))}


def random_targets(random: Random, graph: Graph, command: str, rows: tuple[str, ...]) -> tuple[str, ...]:
    """One target, or several for a stamp."""
    applied = graph.closure(row for row in rows if row in graph.by_id)
    targets = [_target(random, graph, command, applied)]
    while command == "stamp" and random.random() < 0.25:
        targets.append(_target(random, graph, command, applied))
    return tuple(targets)


def _target(random: Random, graph: Graph, command: str, applied: set[str]) -> str:
    """A target of the whole grammar: mostly one that could work, and often one that makes no sense."""
    sign = {"upgrade": "+", "downgrade": "-"}.get(command, "") if random.random() < 0.8 else ""
    steps = (sign or random.choice("+-")) + str(random.choice([0, 1, 1, 1, 1, 2, 2, 3, 5]))
    revision = _revision(random, graph, command, applied)
    words = ["base"] if command == "downgrade" else ["head", "heads", "base"]
    anchor = random.choice(["head", "heads", *words, *[_name(random, graph, revision)] * 9])
    line = graph.line(revision)
    near = [label for label, owner in graph.owner_of_label.items() if owner in line]
    branch = random.choice(near or sorted(line))
    if random.random() < 0.2:
        branch = _name(random, graph, random.choice(list(graph.by_id)))
    chance = random.random()
    if chance < 0.35 or command == "stamp" and random.random() < 0.5:
        return random.choice([anchor, f"{branch}@{anchor}"]) if command == "stamp" else anchor
    if chance < 0.48:
        return steps
    if chance < 0.6:
        return anchor + random.choice("+-") + steps[1:]
    if chance < 0.78:
        return f"{branch}@{anchor}"
    if chance < 0.9:
        return f"{branch}@{steps}"
    if chance < 0.97:
        return f"{branch}@{anchor}{random.choice('+-')}{steps[1:]}"
    nonsense = ["nothing", "nothing@head", f"{branch}@nothing", "nothing+1", "current", "a-b"]
    return random.choice([*nonsense, f"{anchor}+", f"@{anchor}", f"{branch}@"])


def _revision(random: Random, graph: Graph, command: str, applied: set[str]) -> str:
    """One that the command can go to, if there is one."""
    ids = list(graph.by_id)
    sensible = [id for id in ids if (id in applied) == (command == "downgrade")]
    return random.choice(sensible if sensible and random.random() < 0.8 else ids)


def _name(random: Random, graph: Graph, id: str) -> str:
    """How a user could write it."""
    chance = random.random()
    labels = graph.by_id[id].labels
    if chance < 0.3 and labels:
        return random.choice(labels)
    if chance < 0.45:
        return id[: random.randint(1, len(id))]
    return id
