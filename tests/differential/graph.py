"""Revision graphs, and the few facts about them that the comparison needs. Independent of both planners."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Revision:
    """One migration. A dependency is an id or a branch label."""

    id: str
    revises: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [self.id]
        parts += [f"revises {', '.join(self.revises)}"] if self.revises else []
        parts += [f"depends on {', '.join(self.depends_on)}"] if self.depends_on else []
        parts += [f"labels {', '.join(self.labels)}"] if self.labels else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Graph:
    """Revisions in the order of their files."""

    revisions: tuple[Revision, ...]

    @cached_property
    def by_id(self) -> dict[str, Revision]:
        return {revision.id: revision for revision in self.revisions}

    @cached_property
    def owner_of_label(self) -> dict[str, str]:
        return {label: revision.id for revision in self.revisions for label in revision.labels}

    @cached_property
    def parents(self) -> dict[str, tuple[str, ...]]:
        return {revision.id: revision.revises for revision in self.revisions}

    @cached_property
    def children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {revision.id: [] for revision in self.revisions}
        for revision in self.revisions:
            for parent in revision.revises:
                children[parent].append(revision.id)
        return children

    @cached_property
    def before(self) -> dict[str, tuple[str, ...]]:
        """What must be applied right before each revision: parents and dependencies."""
        owner = self.owner_of_label
        before = {}
        for revision in self.revisions:
            needs = (owner.get(name, name) for name in revision.depends_on)
            before[revision.id] = tuple(dict.fromkeys([*revision.revises, *needs]))
        return before

    @cached_property
    def bases(self) -> set[str]:
        return {id for id, parents in self.parents.items() if not parents}

    def heads_of(self, branch: str | None) -> set[str]:
        """Those that no other revises, all of them or those of a branch."""
        return {id for id, children in self.children.items() if not children} & self.line(branch)

    def line(self, branch: str | None) -> set[str]:
        """The ancestors and descendants of a branch's revision along `revises`, and itself; without a branch, all."""
        if branch is None:
            return set(self.by_id)
        point = self.revision_of(branch)
        return _reach([point], self.parents) | _reach([point], self.children) if point else set()

    def revision_of(self, name: str, branch: str | None = None) -> str | None:
        """The id behind an id, a label, or a prefix that is unique; with a branch, the one that is on it.

        Names of up to three characters have to be written out.
        """
        owner = {**self.owner_of_label, **{id: id for id in self.by_id}}
        found = {name} if name in owner else {known for known in owner if len(known) > 3 and known.startswith(name)}
        if branch is not None:
            line = self.line(branch)
            found = {known for known in found if owner[known] in line}
        return owner[found.pop()] if len(found) == 1 else None

    def closure(self, ids: Iterable[str]) -> set[str]:
        """These revisions and everything that must be applied before them."""
        return _reach(ids, self.before)

    def maximal(self, ids: Iterable[str]) -> set[str]:
        """Those that nothing else among them needs: the rows for these revisions."""
        ids = set(ids)
        below = self.closure(parent for id in ids for parent in self.before[id])
        return ids - below

    def are_related(self, one: str, other: str) -> bool:
        """Whether one of them needs the other."""
        return one in self.closure([other]) or other in self.closure([one])

    def is_legal(self, rows: Iterable[str]) -> bool:
        """Whether no row implies another one."""
        return self.maximal(rows) == set(rows)

    def has_redundant_edge(self, id: str) -> bool:
        """Whether a parent or dependency is implied by another parent or dependency of the same revision."""
        return not self.is_legal(self.before[id])


def _reach(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(start)
    while todo:
        id = todo.pop()
        if id not in seen:
            seen.add(id)
            todo.extend(edges[id])
    return seen
