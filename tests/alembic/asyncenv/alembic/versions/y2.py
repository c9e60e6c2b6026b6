"""some events

Revision ID: a50000000002
Revises: a50000000001
Create Date: 2026-03-01 10:11:12.123456

"""
import asyncio
from alembic import op
import sqlalchemy as sa

revision = "a50000000002"
down_revision = "a50000000001"
branch_labels = None
depends_on = None

async def fill(connection, prefix):
    for number in range(3):
        await connection.execute(sa.text("INSERT INTO event VALUES (:id, :what)"), {"id": number, "what": f"{prefix} {number}"})
        await asyncio.sleep(0)
    rows = await connection.execute(sa.text("SELECT count(*) FROM event"))
    assert rows.scalar_one() == 3


def upgrade():
    op.run_async(fill, "event")


def downgrade():
    op.execute("DELETE FROM event")
