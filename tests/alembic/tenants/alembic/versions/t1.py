"""tenants

Revision ID: 710000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema, DropSchema
from tenants import TENANTS

revision = "710000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    tenant = op.create_table("tenant", sa.Column("name", sa.Text(), primary_key=True))
    op.bulk_insert(tenant, [{"name": name} for name in TENANTS])
    for name in TENANTS:
        op.execute(CreateSchema(name))


def downgrade():
    for name in TENANTS:
        op.execute(DropSchema(name, cascade=True))
    op.drop_table("tenant")
