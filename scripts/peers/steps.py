"""The history that every tool applies: small migrations of four kinds, in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

# Upgrade and downgrade. The same stand in host/benches/speed/project.rs (`mixed`), which a test compares.
TEMPLATES = (
    ("CREATE TABLE {table} (id bigint PRIMARY KEY, name text NOT NULL)", "DROP TABLE {table}"),
    ("ALTER TABLE {table} ADD COLUMN seen_at timestamptz", "ALTER TABLE {table} DROP COLUMN seen_at"),
    ("CREATE INDEX {table}_name ON {table} (name)", "DROP INDEX {table}_name"),
    (
        "INSERT INTO {table} (id, name) VALUES ({number}, 'thing {number}')",
        "DELETE FROM {table} WHERE id = {number}",
    ),
)


@dataclass(frozen=True)
class Step:
    """One migration: its place in the history, from 0 on, and one statement in each direction, without a semicolon."""

    number: int
    up: str
    down: str


def steps(count: int) -> Iterator[Step]:
    """The first migrations of the history."""
    for number in range(count):
        up, down = TEMPLATES[number % len(TEMPLATES)]
        names = {"table": f"thing_{number // len(TEMPLATES)}", "number": number}
        yield Step(number, up.format(**names), down.format(**names))


def objects(count: int) -> tuple[int, int, int, int]:
    """How many tables, added columns, added indexes and rows are there after so many migrations."""
    kinds = len(TEMPLATES)
    tables, columns, indexes, rows = ((count + kinds - 1 - kind) // kinds for kind in range(kinds))
    return tables, columns, indexes, rows


def objects_query(count: int) -> str:
    """A statement that counts the same in a database, in four columns. It fails where a table is missing."""
    tables = objects(count)[0]
    ids = " UNION ALL ".join(f"SELECT id FROM thing_{number}" for number in range(tables))
    return f"""
        SELECT (SELECT count(*) FROM pg_tables WHERE tablename ~ '^thing_[0-9]+$'),
               (SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                WHERE relkind = 'r' AND relname ~ '^thing_[0-9]+$' AND attname = 'seen_at' AND NOT attisdropped),
               (SELECT count(*) FROM pg_indexes WHERE indexname ~ '^thing_[0-9]+_name$'),
               (SELECT count(*) FROM ({ids}) AS ids)"""
