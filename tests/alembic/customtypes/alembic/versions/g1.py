"""places

Revision ID: 6e0000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from app.types import Colour, Money, Point

revision = "6e0000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    place = op.create_table(
        "place",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", Point()),
        sa.Column("rent", Money()),
        sa.Column("name", sa.String(40)),
        sa.Column("colour", sa.Enum(Colour, name="colour")),
    )
    op.bulk_insert(place, [{"at": (1.5, 2), "rent": 1250, "name": "here", "colour": Colour.RED}])
    op.create_index("ix_place_at", "place", ["at"], postgresql_using="gist")


def downgrade():
    op.drop_table("place")
    op.execute("DROP TYPE colour")
