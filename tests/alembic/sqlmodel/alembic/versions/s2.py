"""heroes

Revision ID: 5a0000000002
Revises: 5a0000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
import sqlmodel

revision = "5a0000000002"
down_revision = "5a0000000001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hero",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("hero")
