"""menu

Revision ID: c100000000b1
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "c100000000b1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "dish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price", sa.Numeric(8, 2), nullable=False),
        sa.CheckConstraint("price >= 0", name="price"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dish_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(None, "line", ["dish_id"])
    op.create_foreign_key(None, "line", "dish", ["dish_id"], ["id"], ondelete="RESTRICT", deferrable=True, initially="DEFERRED")
    op.create_check_constraint("count", "line", "count > 0")


def downgrade():
    op.drop_constraint("count", "line", type_="check")
    op.drop_constraint(op.f("fk_line_dish_id_dish"), "line", type_="foreignkey")
    op.drop_index("ix_line_dish_id", table_name="line")
    op.drop_table("line")
    op.drop_table("dish")
