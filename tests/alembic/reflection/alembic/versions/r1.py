"""tables

Revision ID: 4e0000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "4e0000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "parent",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(20), server_default="x", comment="c"),
        sa.UniqueConstraint("name", name="parent_name"),
    )
    op.create_table(
        "child",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("parent_id", sa.Integer(), sa.ForeignKey("parent.id", name="child_parent", ondelete="CASCADE")),
        sa.Column("state", sa.Enum("a", "b", name="state")),
        sa.CheckConstraint("id > 0", name="positive"),
    )
    op.create_index("ix_child_lower", "child", ["parent_id"], postgresql_where=sa.text("id > 5"))
    op.execute("CREATE VIEW pairs AS SELECT c.id, p.name FROM child c JOIN parent p ON p.id = c.parent_id")


def downgrade():
    op.execute("DROP VIEW pairs")
    op.drop_table("child")
    op.drop_table("parent")
    sa.Enum(name="state").drop(op.get_bind())
