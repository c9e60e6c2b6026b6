"""audited

Revision ID: 8e0000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from audit import add_trigger, audit_columns, drop_trigger

revision = "8e0000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        """
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            NEW.updated_at := now();
            RETURN NEW;
        END;
        $body$;
        """
    )
    op.create_table("letter", sa.Column("id", sa.Integer(), primary_key=True), *audit_columns())
    add_trigger("letter")


def downgrade():
    drop_trigger("letter")
    op.drop_table("letter")
    op.execute("DROP FUNCTION touch()")
