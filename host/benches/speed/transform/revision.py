"""Phones

Revision ID: 1
"""
import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

BATCH = 10_000


def normalised(phone):
    """`(030) 123-456` becomes `+4930123456`."""
    digits = "".join(filter(str.isdigit, phone))
    return "+49" + (digits[1:] if digits.startswith("0") else digits)


def upgrade():
    connection = op.get_bind()
    users = sa.table("users", sa.column("id", sa.BigInteger), sa.column("phone", sa.Text))
    change = users.update().where(users.c.id == sa.bindparam("key")).values(phone=sa.bindparam("digits"))
    found = connection.execute(sa.select(users.c.id, users.c.phone).execution_options(yield_per=BATCH))
    for rows in found.partitions():
        connection.execute(change, [{"key": id, "digits": normalised(phone)} for id, phone in rows])


def downgrade():
    raise NotImplementedError
