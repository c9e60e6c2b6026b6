# /// migration
# revision = "5b1e7d0c93a4"
# revises = ["5c0e7d1a94b2"]
# message = "read the notes of reservations"
# created = "2026-04-27T11:00:00Z"
# ///
"""Finds out what guests ask for in the notes of their reservations, so that the kitchen sees it in one place.

People write in their own words, with mistakes. A request that is not understood stays a note and is logged.
"""
import difflib
import logging
import re
import unicodedata
from collections import Counter

import host

log = logging.getLogger("requests")

# What people write, and what it means.
KNOWN = {
    "window": "window seat",
    "birthday": "celebration",
    "anniversary": "celebration",
    "allergic": "allergy",
    "allergy": "allergy",
    "pram": "space for prams",
    "wheelchair": "step-free table",
}


def words(note: str) -> list[str]:
    """The words of a note, without accents, in lowercase and in the singular."""
    plain = unicodedata.normalize("NFKD", note).encode("ascii", "ignore").decode().lower()
    return [word.removesuffix("s") for word in re.findall(r"[a-z]+", plain)]


def requests(note: str) -> set[str]:
    """What a note asks for. A word may have one mistake or two: `alergic`, `brithday`."""
    found = set()
    for word in words(note):
        match = difflib.get_close_matches(word, KNOWN, n=1, cutoff=0.84)
        if match:
            found.add(KNOWN[match[0]])
    return found


def upgrade() -> None:
    host.execute("""
        CREATE TABLE reservation_requests (
            reservation_id bigint NOT NULL REFERENCES reservations (id) ON DELETE CASCADE,
            request        text NOT NULL,
            PRIMARY KEY (reservation_id, request)
        )
    """)
    rows = []
    not_understood: Counter[str] = Counter()
    for reservation in host.query("SELECT id, note FROM reservations WHERE note IS NOT NULL ORDER BY id"):
        asked = requests(reservation.note)
        rows += [(reservation.id, request) for request in sorted(asked)]
        if not asked:
            not_understood[reservation.note] += 1
    host.execute_many("INSERT INTO reservation_requests VALUES ($1, $2)", rows)
    log.info("%d requests found", len(rows))
    for note, count in not_understood.most_common(5):
        log.warning("not understood, %d times: %s", count, note)


def downgrade() -> None:
    host.execute("DROP TABLE reservation_requests")
