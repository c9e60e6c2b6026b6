"""exclude, not valid, primary keys

Revision ID: c200000000b2
Revises: c100000000b1
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "c200000000b2"
down_revision = "c100000000b1"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table("booking", sa.Column("room", sa.Integer()), sa.Column("during", postgresql.TSRANGE()))
    op.create_exclude_constraint("no_overlap", "booking", ("room", "="), ("during", "&&"), where=sa.text("room > 0"), using="gist")
    op.create_primary_key("booking_key", "booking", ["room", "during"])
    op.create_unique_constraint("uq_line_pair", "line", ["dish_id", "count"], deferrable=True)
    op.execute("ALTER TABLE line ADD CONSTRAINT later CHECK (count < 1000) NOT VALID")
    op.execute("ALTER TABLE line VALIDATE CONSTRAINT later")


def downgrade():
    op.drop_constraint("later", "line")
    op.drop_constraint("uq_line_pair", "line", type_="unique")
    op.drop_constraint("booking_key", "booking", type_="primary")
    op.drop_constraint("no_overlap", "booking")
    op.drop_table("booking")
    op.execute("DROP EXTENSION btree_gist")
