"""move

Revision ID: 6e0000000002
Revises: 6e0000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.orm import Session
from app.models import Place

revision = "6e0000000002"
down_revision = "6e0000000001"
branch_labels = None
depends_on = None


def upgrade():
    with Session(op.get_bind()) as session:
        place = session.scalars(sa.select(Place)).one()
        assert place.at == (1.5, 2.0) and place.rent == 1250, (place.at, place.rent)
        place.at = (3, 4)
        session.add(Place(at=(0, 0), rent=99, name="there"))
        session.commit()


def downgrade():
    op.execute("DELETE FROM place WHERE name = 'there'")
    op.execute("UPDATE place SET at = point '(1.5,2)'")
