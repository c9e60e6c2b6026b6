"""merge

Revision ID: b30000000003
Revises: b10000000001, b20000000002
Create Date: 2026-03-04 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "b30000000003"
down_revision = ("b10000000001", "b20000000002")
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
