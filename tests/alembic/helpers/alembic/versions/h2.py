"""parcel

Revision ID: 8e0000000002
Revises: 8e0000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from audit import add_trigger, audit_columns, drop_trigger
from service.database.engine import SessionLocal

revision = "8e0000000002"
down_revision = "8e0000000001"
branch_labels = None
depends_on = None


def upgrade():
    assert SessionLocal is not None
    op.create_table("parcel", sa.Column("id", sa.Integer(), primary_key=True), *audit_columns())
    add_trigger("parcel")


def downgrade():
    drop_trigger("parcel")
    op.drop_table("parcel")
