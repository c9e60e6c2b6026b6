"""Runs small revisions while the runtime is built, so that what SQLAlchemy and Alembic do only once is done."""

from __future__ import annotations

import json
from typing import Any

import host
from host import _bridge

from . import run

_ENV = """
from logging.config import fileConfig

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)
target_metadata = None


def run_migrations_offline():
    url = config.get_main_option("sqlalchemy.url")
    context.configure(url=url, target_metadata=target_metadata, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = engine_from_config(config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""
_REVISION = '''"""warm up"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision: str = "a"
down_revision: Union[str, None] = None
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    mood = postgresql.ENUM("good", "bad", name="mood")
    op.create_table(
        "warm",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("big", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=50), server_default="x", nullable=False),
        sa.Column("text", sa.Text(), nullable=True, comment="c"),
        sa.Column("day", sa.Date()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("flag", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("price", sa.Numeric(10, 2)),
        sa.Column("ratio", sa.Float()),
        sa.Column("key", postgresql.UUID(as_uuid=True)),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'")),
        sa.Column("tags", postgresql.ARRAY(sa.Text())),
        sa.Column("mood", mood),
        sa.Column("kind", sa.Enum("a", "b", name="kind")),
        sa.ForeignKeyConstraint(["big"], ["other.id"], name="fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="uq"),
        sa.CheckConstraint("price > 0", name="ck"),
    )
    op.create_index("ix", "warm", ["name"], unique=False)
    op.create_index(op.f("ix_2"), "warm", ["day"], unique=True, postgresql_where=sa.text("day IS NOT NULL"))
    op.add_column("warm", sa.Column("more", sa.String(), nullable=True))
    op.alter_column("warm", "more", existing_type=sa.String(), nullable=False, type_=sa.Text(), server_default="y")
    with op.batch_alter_table("warm", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch", sa.Integer(), nullable=True))
    op.create_foreign_key("fk2", "warm", "other", ["id"], ["id"])
    op.create_unique_constraint("uq2", "warm", ["day"])
    op.create_check_constraint("ck2", "warm", "id > 0")
    op.execute("UPDATE warm SET name = 'z'")
    warm = sa.table("warm", sa.column("id", sa.Integer), sa.column("name", sa.String))
    op.bulk_insert(warm, [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "c"}])
    connection = op.get_bind()
    connection.execute(sa.text("SELECT :a"), {"a": "1"}).fetchall()
    connection.execute(sa.select(warm.c.id).where(warm.c.name == "a")).all()
    connection.execute(warm.update().where(warm.c.id == 1).values(name="b"))


def downgrade() -> None:
    op.drop_constraint("uq2", "warm", type_="unique")
    op.drop_index("ix", table_name="warm")
    op.drop_column("warm", "more")
    op.drop_table("warm")
    op.execute("DROP TYPE mood")
'''


class _Nobody:
    """Stands for host while the runtime is built: it takes every statement and gives no rows."""

    def __init__(self, offline: bool) -> None:
        self._offline = offline

    def execute(self, sql: str, params: Any) -> int:
        return 0

    def execute_script(self, sql: str) -> None:
        return None

    def query(self, sql: str, params: Any) -> Any:
        return _NoRows()

    def prepare(self, sql: str) -> Any:
        return _Prepared()

    def run(self) -> Any:
        return _Run(self._offline)


class _NoRows:
    columns = [host.Column("id", 23, "int4", 0, 0)]
    rows: list[Any] = []


class _Prepared:
    def execute_many(self, rows: Any) -> int:
        return 0

    def __exit__(self, *error: object) -> None:
        return None


class _Run:
    revision, server_version, search_path, now_micros, seed, args = "a", 150000, ["public"], 0, 1, []  # type: ignore[var-annotated]

    def __init__(self, offline: bool) -> None:
        self.dry_run = offline


def warm_up() -> None:
    """Runs both directions with and without env.py, with and without a database, and forgets them."""
    sql, env = _bridge.sql, _bridge.env
    file = "alembic/versions/a.py"
    given = {
        "format": 1,
        "file": file,
        "config": {"alembic": {"script_location": "alembic", "sqlalchemy.url": "postgresql+host://"}},
        "revision": {"revision": "a", "down_revision": []},
        "files": {file: _REVISION, "alembic/env.py": _ENV},
    }
    for offline in (True, False):
        for environment in (False, True):
            _bridge.sql = _bridge.env = _Nobody(offline)
            revision = _REVISION if not offline else _REVISION.partition("    connection = op.get_bind()")[0] + "\n\ndef downgrade(): pass\n"
            source = json.dumps({**given, "env": environment, "files": {**given["files"], file: revision}})  # type: ignore[dict-item]
            for direction in ("upgrade", "downgrade"):
                # Twice: the first revision of a run, and one after it.
                run.run(file, source, direction)
                run.read_ahead(file, source)
                run.run(file, source, direction)
                run.forget()
            run.check(file, source)
    _bridge.sql, _bridge.env = sql, env
