# /// migration
# revision = "c94e17d5a06f"
# revises = ["83c5e0b6f49d"]
# message = "find members by name"
# created = "2026-06-15T10:00:00Z"
# ///
"""Gives members a name to search by: in lowercase, without accents, and with its words in alphabetical order, so that staff find
`Jürgen Müller` who says `muller jurgen`.

Python knows the letters of all scripts; host reads and writes the rows."""
import re
import unicodedata

import host

# Letters that have no accent to take off.
PLAIN = str.maketrans({"ß": "ss", "ı": "i", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d"})


def search_name(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower().translate(PLAIN))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(sorted(re.findall(r"\w+", plain)))


def searchable(members):
    for id, name in members:
        yield id, search_name(name)


def upgrade() -> None:
    host.execute("ALTER TABLE members ADD search_name text")
    host.run_transform(
        searchable, "SELECT id, full_name FROM members", key=["id"], into="members", columns=["id", "search_name"]
    )
    host.execute("ALTER TABLE members ALTER search_name SET NOT NULL")
    host.execute("CREATE INDEX members_search_name ON members (search_name text_pattern_ops)")


def downgrade() -> None:
    host.execute("ALTER TABLE members DROP search_name")
