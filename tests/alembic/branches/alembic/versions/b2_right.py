"""right

Revision ID: b20000000002
Revises: b00000000000
Create Date: 2026-03-03 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "b20000000002"
down_revision = "b00000000000"
branch_labels = ["right"]
depends_on = None


def upgrade():
    op.create_table("right_side", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("right_side")
