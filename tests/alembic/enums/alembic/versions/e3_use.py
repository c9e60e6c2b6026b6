"""a type of its own, and to another type

Revision ID: e30000000003
Revises: e20000000002
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "e30000000003"
down_revision = "e20000000002"
branch_labels = None
depends_on = None

level = postgresql.ENUM("LOW", "HIGH", name="level", create_type=False)
orders = sa.table("orders", sa.column("id", sa.Integer), sa.column("level", level))


def upgrade():
    level.create(op.get_bind(), checkfirst=False)
    op.add_column("orders", sa.Column("level", level, nullable=True))
    op.execute(orders.update().where(orders.c.id == 1).values(level="HIGH"))
    op.alter_column(
        "orders", "channel", type_=sa.String(10), existing_type=sa.Enum(name="channel"), postgresql_using="channel::text"
    )


def downgrade():
    op.alter_column(
        "orders", "channel", type_=sa.Enum("web", "phone", name="channel"), existing_type=sa.String(10), postgresql_using="channel::channel"
    )
    op.drop_column("orders", "level")
    level.drop(op.get_bind(), checkfirst=False)
