"""by the rows

Revision ID: 730000000003
Revises: 720000000002
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from tenants import known_tenants

revision = "730000000003"
down_revision = "720000000002"
branch_labels = None
depends_on = None


def upgrade():
    for name in known_tenants():
        op.add_column("invoice", sa.Column("paid", sa.Boolean(), server_default=sa.false()), schema=name)
        connection = op.get_bind().execution_options(schema_translate_map={"tenant": name})
        invoice = sa.Table("invoice", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("total", sa.Numeric), schema="tenant")
        connection.execute(invoice.insert(), [{"id": 1, "total": 10}, {"id": 2, "total": 20}])


def downgrade():
    for name in known_tenants():
        op.execute(f'DELETE FROM "{name}".invoice')
        op.drop_column("invoice", "paid", schema=name)
