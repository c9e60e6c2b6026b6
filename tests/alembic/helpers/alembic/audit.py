"""Columns and triggers that many tables have."""
from alembic import op
import sqlalchemy as sa


def audit_columns():
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
    )


def add_trigger(table):
    op.execute(f"CREATE TRIGGER {table}_touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch()")


def drop_trigger(table):
    op.execute(f"DROP TRIGGER {table}_touch ON {table}")
