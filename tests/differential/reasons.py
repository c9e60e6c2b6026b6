"""Both sides refuse. For the same reason?"""

from __future__ import annotations

from outcome import Refused

# The beginnings of Alembic's messages, and host's words for the same reason.
SAME_REASON = {
    "Can't locate revision": {"unknown-revision", "unknown-rows", "malformed-target", "current-not-allowed"},
    "Multiple head": {"multiple-heads"},
    "Destination": {"not-applied"},
    "Not a valid downgrade target": {"not-on-the-way-down"},
    "Relative revision": {"relative-too-far"},
    "Walked too far": {"walked-too-far"},
    "Ambiguous walk": {"ambiguous-walk"},
    "Ambiguous upgrade": {"ambiguous-current"},
    "Requested revision": {"overlapping-rows"},
}

# Alembic says only "Can't locate", or does not look at the branch or at the rows before it finds another fault.
WRONG_BRANCH = {"ambiguous-prefix", "not-on-branch", "unknown-branch", "unknown-revision"}
LOOKED_AT_FIRST = {*WRONG_BRANCH, "malformed-target", "unknown-rows"}

# The same two for what only some of Alembic's messages hide.
HIDDEN_BY = {
    # Steps in the target of a stamp, which it does not know; a prefix that is unique on its branch.
    "Can't locate revision": {
        "ambiguous-walk",
        "multiple-heads",
        "not-applied",
        "overlapping-targets",
        "walked-too-far",
    },
    # `LABEL@head`, which is one revision, and which it takes for several.
    "Multiple head": {"not-applied", "overlapping-targets", "walked-too-far"},
    # `base-1`, which it takes for a head.
    "Destination": {"walked-too-far"},
    "Ambiguous walk": {"walked-too-far"},
}


def is_same_reason(alembic: Refused, host: Refused) -> bool:
    return any(alembic.message.startswith(stem) and host.kind in kinds for stem, kinds in SAME_REASON.items())


def is_exacter_reason(alembic: Refused, host: Refused) -> bool:
    hidden = {kind for stem, kinds in HIDDEN_BY.items() if alembic.message.startswith(stem) for kind in kinds}
    return host.kind in LOOKED_AT_FIRST | hidden
