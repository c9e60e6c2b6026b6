"""second

Revision ID: f20000000002
Revises: f10000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "f20000000002"
down_revision = "f10000000001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item", sa.Column("price", sa.Numeric(8, 2), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("item", "price")
