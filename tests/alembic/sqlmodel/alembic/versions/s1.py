"""teams

Revision ID: 5a0000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
import sqlmodel

revision = "5a0000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_team_name"), "team", ["name"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_team_name"), table_name="team")
    op.drop_table("team")
