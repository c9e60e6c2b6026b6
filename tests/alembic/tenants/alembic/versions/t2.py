"""a table for each

Revision ID: 720000000002
Revises: 710000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from tenants import for_each_tenant

revision = "720000000002"
down_revision = "710000000001"
branch_labels = None
depends_on = None


@for_each_tenant
def upgrade(tenant):
    op.create_table("invoice", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("total", sa.Numeric(10, 2)), schema=tenant)
    op.create_index("ix_invoice_total", "invoice", ["total"], schema=tenant)
    op.create_foreign_key("invoice_self", "invoice", "invoice", ["id"], ["id"], source_schema=tenant, referent_schema=tenant)


@for_each_tenant
def downgrade(tenant):
    op.drop_constraint("invoice_self", "invoice", schema=tenant)
    op.drop_index("ix_invoice_total", table_name="invoice", schema=tenant)
    op.drop_table("invoice", schema=tenant)
