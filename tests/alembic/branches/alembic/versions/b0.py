"""trunk

Revision ID: b00000000000
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "b00000000000"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("trunk", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("trunk")
