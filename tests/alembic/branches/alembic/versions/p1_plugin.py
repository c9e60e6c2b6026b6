"""plugin

Revision ID: c10000000001
Revises: None
Create Date: 2026-03-05 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "c10000000001"
down_revision = None
branch_labels = ("plugin",)
depends_on = "b20000000002"


def upgrade():
    op.create_table("plugin", sa.Column("id", sa.Integer(), sa.ForeignKey("right_side.id"), primary_key=True))


def downgrade():
    op.drop_table("plugin")
