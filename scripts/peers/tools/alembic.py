"""Alembic, in Python: with its option for a transaction for each revision, and one row in alembic_version."""

from __future__ import annotations

from typing import Iterable

from command import Command
from place import Place
from steps import Step
from tool import Tool

INI = "[alembic]\nscript_location = %(here)s/alembic\n"

# As `alembic init` writes it, without logging and offline mode.
ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy import pool

engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = '''\
"""Step {number} of a long history"""
from alembic import op

revision = "{revision}"
down_revision = {down_revision!r}


def upgrade() -> None:
    op.execute("{up}")


def downgrade() -> None:
    op.execute("{down}")
'''


class Alembic(Tool):
    name = "alembic"
    recorded = "SELECT version_num::bigint + 1 FROM alembic_version"

    def write(self, steps: Iterable[Step]) -> None:
        self.file("alembic.ini", INI)
        self.file("alembic/env.py", ENV)
        for step in steps:
            revision, parent = f"{step.number:012}", f"{step.number - 1:012}" if step.number else None
            text = REVISION.format(
                number=step.number, revision=revision, down_revision=parent, up=step.up, down=step.down
            )
            self.file(f"alembic/versions/{revision}_step_{step.number}.py", text)

    def apply(self, place: Place) -> Command:
        python = self.installed / "venv/bin/python"
        url = place.url("postgresql+psycopg")
        return self.command(python, "-m", "alembic", "upgrade", "head", DATABASE_URL=url)
