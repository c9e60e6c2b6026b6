"""rows

Revision ID: d1000000d001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
import datetime
import decimal
import uuid
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "d1000000d001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    account = op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("balance", sa.Numeric(12, 2)),
        sa.Column("day", sa.Date()),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("local", sa.DateTime()),
        sa.Column("clock", sa.Time()),
        sa.Column("length", sa.Interval()),
        sa.Column("key", sa.Uuid()),
        sa.Column("raw", sa.LargeBinary()),
        sa.Column("data", postgresql.JSONB()),
        sa.Column("tags", postgresql.ARRAY(sa.Text())),
        sa.Column("grid", postgresql.ARRAY(sa.Integer(), dimensions=2)),
        sa.Column("span", postgresql.INT4RANGE()),
        sa.Column("days", postgresql.DATERANGE()),
        sa.Column("ok", sa.Boolean()),
        sa.Column("ratio", sa.Float()),
    )
    nothing = dict.fromkeys(column.name for column in account.c if column.name != "id")
    op.bulk_insert(
        account,
        [
            {
                "name": "it's 100% \"Ada\" :x",
                "balance": decimal.Decimal("12.30"),
                "day": datetime.date(2026, 2, 28),
                "at": datetime.datetime(2026, 2, 28, 10, 11, 12, 345, tzinfo=datetime.timezone.utc),
                "local": datetime.datetime(2026, 2, 28, 10, 11, 12),
                "clock": datetime.time(23, 59, 59),
                "length": datetime.timedelta(days=3, seconds=4),
                "key": uuid.UUID("12345678-1234-5678-1234-567812345678"),
                "raw": b"\x00\xff\\",
                "data": {"tags": ["vip", None], "n": 1.5},
                "tags": ["a", 'b"c', None],
                "grid": [[1, 2], [3, 4]],
                "span": postgresql.Range(1, 10, bounds="[]"),
                "days": postgresql.Range(datetime.date(2026, 1, 1), None),
                "ok": True,
                "ratio": 0.1,
            },
            {**nothing, "name": "Bob", "tags": [], "ok": False},
        ],
    )
    op.bulk_insert(sa.table("account", sa.column("name", sa.String)), [{"name": f"guest {number}"} for number in range(50)])


def downgrade():
    op.drop_table("account")
