"""first view

Revision ID: 28af9800143f
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from replaceable import ReplaceableObject

revision = "28af9800143f"
down_revision = None
branch_labels = None
depends_on = None

customer_view = ReplaceableObject("customer_view", "SELECT name, order_count FROM customer WHERE order_count > 0")
add_customer_sp = ReplaceableObject(
    "add_customer_sp(name varchar, order_count integer)",
    """
    RETURNS integer AS $$
    BEGIN
        INSERT INTO customer (name, order_count) VALUES ($1, $2);
        RETURN 1;
    END;
    $$ LANGUAGE plpgsql;
    """,
)


def upgrade():
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String()),
        sa.Column("order_count", sa.Integer()),
    )
    op.create_view(customer_view)
    op.create_sp(add_customer_sp)


def downgrade():
    op.drop_sp(add_customer_sp)
    op.drop_view(customer_view)
    op.drop_table("customer")
