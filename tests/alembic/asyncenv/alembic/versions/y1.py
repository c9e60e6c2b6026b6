"""events

Revision ID: a50000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "a50000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("event", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("what", sa.String(30)))


def downgrade():
    op.drop_table("event")
