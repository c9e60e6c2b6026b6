"""orders

Revision ID: e10000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "e10000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("status", sa.Enum("NEW", "PAID", "SENT", name="order_status"), nullable=False, server_default="NEW"),
        sa.Column("channel", postgresql.ENUM("web", "phone", name="channel"), nullable=True),
    )
    op.execute("INSERT INTO orders (id, status, channel) VALUES (1, 'NEW', 'web'), (2, 'PAID', NULL)")


def downgrade():
    op.drop_table("orders")
    sa.Enum(name="order_status").drop(op.get_bind(), checkfirst=False)
    op.execute("DROP TYPE channel")
