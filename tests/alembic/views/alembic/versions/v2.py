"""another view

Revision ID: 191a2d20b025
Revises: 28af9800143f
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from replaceable import ReplaceableObject

revision = "191a2d20b025"
down_revision = "28af9800143f"
branch_labels = None
depends_on = None

customer_view = ReplaceableObject("customer_view", "SELECT name, order_count, email FROM customer WHERE order_count > 0")


def upgrade():
    op.add_column("customer", sa.Column("email", sa.String()))
    op.replace_view(customer_view, replaces="28af9800143f.customer_view")


def downgrade():
    op.replace_view(customer_view, replace_with="28af9800143f.customer_view")
    op.drop_column("customer", "email")
