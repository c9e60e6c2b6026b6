"""partitions

Revision ID: f50000000002
Revises: f50000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "f50000000002"
down_revision = "f50000000001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "reading",
        sa.Column("at", sa.Date(), primary_key=True),
        sa.Column("sensor", sa.Integer(), primary_key=True),
        sa.Column("value", sa.REAL()),
        postgresql_partition_by="RANGE (at)",
    )
    for year in (2025, 2026):
        op.execute(f"CREATE TABLE reading_{year} PARTITION OF reading FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01')")
    log = op.create_table("log", sa.Column("text", sa.Text()), prefixes=["UNLOGGED"], postgresql_with={"fillfactor": 70})
    op.execute(log.insert().values(text=op.inline_literal("it's 100% here: \\ ok")))
    op.execute(log.update().values(text="changed").where(log.c.text == op.inline_literal("nothing")))


def downgrade():
    op.drop_table("log")
    op.drop_table("reading")
