"""one value more

Revision ID: e20000000002
Revises: e10000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "e20000000002"
down_revision = "e10000000001"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'RETURNED' AFTER 'SENT'")


def downgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN status DROP DEFAULT")
    op.execute("ALTER TYPE order_status RENAME TO order_status_old")
    sa.Enum("NEW", "PAID", "SENT", name="order_status").create(op.get_bind())
    op.execute("ALTER TABLE orders ALTER COLUMN status TYPE order_status USING status::text::order_status")
    op.execute("DROP TYPE order_status_old")
    op.execute("ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'NEW'")
