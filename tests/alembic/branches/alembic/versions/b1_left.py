"""left

Revision ID: b10000000001
Revises: b00000000000
Create Date: 2026-03-02 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "b10000000001"
down_revision = "b00000000000"
branch_labels = ("left",)
depends_on = None


def upgrade():
    op.create_table("left_side", sa.Column("id", sa.Integer(), sa.ForeignKey("trunk.id"), primary_key=True))


def downgrade():
    op.drop_table("left_side")
