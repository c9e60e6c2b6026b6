"""A question to both sides, and what they answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property

from graph import Graph
from outcome import Done
from outcome import Outcome
from target import Target


@dataclass(frozen=True)
class Case:
    """One question and both answers."""

    graph: Graph
    command: str
    rows: tuple[str, ...]
    texts: tuple[str, ...]
    host: Outcome
    alembic: Outcome
    # Asks Alembic for other targets.
    ask_alembic: Callable[[tuple[str, ...]], Outcome]

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        return tuple(map(Target, self.texts))

    @cached_property
    def rows_are_known(self) -> bool:
        return all(row in self.graph.by_id for row in self.rows)

    @cached_property
    def rows_are_legal(self) -> bool:
        return self.rows_are_known and self.graph.is_legal(self.rows)

    def spelled_out(self) -> Case | None:
        """The same case with whole ids in the targets, and what Alembic answers to these. None where it is no other."""
        spelled_out = [target.spelled_out(self.graph) for target in self.targets]
        if None in spelled_out:
            return None
        texts = tuple(dict.fromkeys(text for texts in spelled_out for text in texts))
        return replace(self, texts=texts, alembic=self.ask_alembic(texts)) if texts != self.texts else None

    def named(self) -> set[str]:
        """All revisions that the targets name."""
        return {id for target in self.targets for id in target.revisions(self.graph) or ()}

    def stamped(self) -> set[str] | None:
        """The rows that a stamp has to leave: the targets, and what is related to none of them."""
        replacing = self.named()
        for target in self.targets:
            match target.revisions(self.graph), target.branch:
                case None, _:
                    return None
                case found, None if not found:
                    # `base` leaves nothing but the other targets.
                    return self.named()
                case found, branch if not found:
                    replacing.add(self.graph.revision_of(branch))
        known = [row for row in self.rows if row in self.graph.by_id]
        kept = {row for row in known if not any(self.graph.are_related(row, other) for other in replacing)}
        return kept | self.named()


def is_sound(case: Case) -> bool:
    """Whether host's plan obeys the graph: nothing runs before what it needs, and rows are those of what is applied."""
    if not isinstance(case.host, Done):
        return True
    if case.command == "stamp":
        return set(case.host.rows) == case.stamped()
    if not case.rows_are_known:
        return False
    applied = case.graph.closure(case.rows)
    for step in case.host.steps:
        if case.command == "upgrade":
            if step.revision in applied or not applied.issuperset(case.graph.before[step.revision]):
                return False
            applied.add(step.revision)
        else:
            if step.revision not in case.graph.maximal(applied):
                return False
            applied.remove(step.revision)
        if case.rows_are_legal and set(step.rows) != case.graph.maximal(applied):
            return False
    return case.host.rows == (case.host.steps[-1].rows if case.host.steps else tuple(sorted(case.rows)))
