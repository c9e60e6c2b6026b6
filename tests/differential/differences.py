"""Which differences from Alembic are wanted. Each has a name, under which docs/alembic-differences.md explains it.

A predicate says as exactly as it can when its difference may occur. Where host has a plan and Alembic has not, it has to
be the one that Alembic makes for the same target written out. What no predicate knows is unexplained, and a fault.
"""

from __future__ import annotations

from collections.abc import Callable

from case import Case
from case import is_sound
from outcome import Crashed
from outcome import Done
from outcome import Refused
from reasons import WRONG_BRANCH
from reasons import is_exacter_reason
from reasons import is_same_reason

SAME = "same steps and rows"
BOTH_REFUSE = "both refuse, for the same reason"
UNEXPLAINED = "UNEXPLAINED"


def verdict(case: Case) -> str:
    """SAME, BOTH_REFUSE, the name of a difference, or UNEXPLAINED."""
    alembic, host = case.alembic, case.host
    if isinstance(host, Crashed) or not is_sound(case):
        return UNEXPLAINED
    if alembic == host:
        return SAME
    if isinstance(alembic, Refused) and isinstance(host, Refused) and is_same_reason(alembic, host):
        return BOTH_REFUSE
    return next((name for name, holds in DIFFERENCES.items() if holds(case)), UNEXPLAINED)


def is_right_when_spelled_out(case: Case) -> bool:
    spelled_out = case.spelled_out()
    return spelled_out is not None and verdict(spelled_out) != UNEXPLAINED


def redundant_edges(case: Case) -> bool:
    alembic, host = case.alembic, case.host
    if not isinstance(host, Done) or case.command == "stamp":
        return False
    planned = tuple(step.revision for step in host.steps)
    if not any(case.graph.has_redundant_edge(id) for id in planned):
        return False
    if isinstance(alembic, Crashed):
        return alembic.revisions == planned
    overlaps = isinstance(alembic, Done) and any(not case.graph.is_legal(step.rows) for step in alembic.steps)
    return overlaps and tuple(step.revision for step in alembic.steps) == planned


def base_in_steps(case: Case) -> bool:
    target = case.targets[0]
    if case.command == "stamp" or not target.anchor or target.steps is None or isinstance(case.alembic, Done):
        return False
    return isinstance(case.host, Done) and target.revisions(case.graph) == set() and is_right_when_spelled_out(case)


def nothing_below_base(case: Case) -> bool:
    refused = isinstance(case.host, Refused) and case.host.kind == "walked-too-far"
    goes_down = any(target.anchor == "base" and (target.steps or 0) < 0 for target in case.targets)
    return case.command != "stamp" and isinstance(case.alembic, Done) and refused and goes_down


def branch_narrows(case: Case) -> bool:
    """`BRANCH@head` in a downgrade, and a prefix that is unique only on the branch."""
    for target in case.targets:
        is_head = target.anchor in ("head", "heads")
        is_prefix = not is_head and case.graph.revision_of(target.anchor) is None
        if target.branch and (is_prefix or is_head and case.command == "downgrade"):
            return is_right_when_spelled_out(case)
    return False


def heads_of_a_branch(case: Case) -> bool:
    if not isinstance(case.alembic, Refused) or not isinstance(case.host, Done):
        return False
    heads = any(target.branch and target.anchor == "heads" for target in case.targets)
    return heads and is_right_when_spelled_out(case)


def branch_is_checked(case: Case) -> bool:
    if not isinstance(case.alembic, Done) or not isinstance(case.host, Refused) or case.host.kind not in WRONG_BRANCH:
        return False
    return any(target.branch and target.revisions(case.graph) is None for target in case.targets)


def branch_has_a_name(case: Case) -> bool:
    malformed = isinstance(case.host, Refused) and case.host.kind == "malformed-target"
    return malformed and any(text.startswith("@") for text in case.texts)


def stamp_with_steps(case: Case) -> bool:
    with_steps = any(target.anchor and target.steps is not None for target in case.targets)
    is_done = case.command == "stamp" and isinstance(case.alembic, Refused) and isinstance(case.host, Done)
    return is_done and with_steps


def stamp_relative_to_the_database(case: Case) -> bool:
    refused = isinstance(case.host, Refused) and case.host.kind == "malformed-target"
    relative = any(not target.anchor and target.steps is not None for target in case.targets)
    return case.command == "stamp" and refused and relative


def stamp_of_overlapping_targets(case: Case) -> bool:
    refused = isinstance(case.host, Refused) and case.host.kind == "overlapping-targets"
    return case.command == "stamp" and refused and not case.graph.is_legal(case.named())


def stamp_repairs(case: Case) -> bool:
    return case.command == "stamp" and isinstance(case.host, Done) and not case.rows_are_legal


def stamp_replaces_what_is_related(case: Case) -> bool:
    return case.command == "stamp" and isinstance(case.host, Done) and not isinstance(case.alembic, Refused)


def no_exception(case: Case) -> bool:
    return isinstance(case.alembic, Crashed) and isinstance(case.host, Refused)


def exact_reason(case: Case) -> bool:
    alembic, host = case.alembic, case.host
    return isinstance(alembic, Refused) and isinstance(host, Refused) and is_exacter_reason(alembic, host)


DIFFERENCES: dict[str, Callable[[Case], bool]] = {
    "redundant-edges": redundant_edges,
    "base-in-steps": base_in_steps,
    "nothing-below-base": nothing_below_base,
    "branch-narrows": branch_narrows,
    "heads-of-a-branch": heads_of_a_branch,
    "branch-is-checked": branch_is_checked,
    "branch-has-a-name": branch_has_a_name,
    "stamp-repairs": stamp_repairs,
    "stamp-with-steps": stamp_with_steps,
    "stamp-relative-to-the-database": stamp_relative_to_the_database,
    "stamp-of-overlapping-targets": stamp_of_overlapping_targets,
    "stamp-replaces-what-is-related": stamp_replaces_what_is_related,
    "no-exception": no_exception,
    "exact-reason": exact_reason,
}
