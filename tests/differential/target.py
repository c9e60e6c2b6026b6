"""What a target means, as far as it does not depend on the database: a third, small opinion beside the two planners."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from graph import Graph


@dataclass(frozen=True)
class Target:
    """`[BRANCH@][ANCHOR][+N|-N]`; texts of another form have no parts."""

    text: str

    @cached_property
    def parts(self) -> re.Match[str] | None:
        return re.fullmatch(r"(?:(?P<branch>[^@]*)@)?(?P<anchor>\w*)(?P<steps>[+-]\d+)?", self.text)

    @property
    def branch(self) -> str | None:
        return self.parts["branch"] if self.parts else None

    @property
    def anchor(self) -> str:
        return self.parts["anchor"] if self.parts else ""

    @property
    def steps(self) -> int | None:
        return int(self.parts["steps"]) if self.parts and self.parts["steps"] else None

    def revisions(self, graph: Graph) -> set[str] | None:
        """The revisions that it names, none for base; None when it names no definite ones."""
        if not self.anchor or self.branch is not None and graph.revision_of(self.branch) is None:
            return None
        if self.anchor == "base":
            found: set[str] = set()
        elif self.anchor in ("head", "heads"):
            found = graph.heads_of(self.branch)
            if not found or self.anchor == "head" and len(found) > 1:
                return None
            # A head that another one depends on goes without saying.
            found = graph.maximal(found)
        else:
            revision = graph.revision_of(self.anchor, self.branch)
            if revision is None:
                return None
            found = {revision}
        return found if self.steps is None else self._walk(graph, found)

    def spelled_out(self, graph: Graph) -> tuple[str, ...] | None:
        """The same target with whole ids instead of words, parts of ids and steps: one target for each revision."""
        found = self.revisions(graph)
        if found is None:
            return None
        names = sorted(found) or ["base"]
        return tuple(f"{self.branch}@{name}" if self.branch else name for name in names)

    def _walk(self, graph: Graph, found: set[str]) -> set[str] | None:
        """Along `revises`, up only on the branch, as long as there is one way."""
        for _ in range(abs(self.steps or 0)):
            if len(found) > 1:
                return None
            if (self.steps or 0) < 0:
                if not found:
                    return None
                found = set(graph.by_id[found.pop()].revises)
            else:
                found = set(graph.children[found.pop()] if found else graph.bases) & graph.line(self.branch)
                if not found:
                    return None
        return found if len(found) < 2 else None
