"""guests

Revision ID: 1a00000000a1
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "1a00000000a1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "guest",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True, start=100), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Unicode(50), server_default="nobody's \"name\"", nullable=True, comment="as they say it: 100%"),
        sa.Column("born", sa.Date(), nullable=True),
        sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("wakes", sa.Time(), nullable=True),
        sa.Column("stays", sa.Interval(), nullable=True),
        sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("balance", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("exact", postgresql.DOUBLE_PRECISION(), nullable=True),
        sa.Column("key", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("plain", sa.JSON(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.String(20)), nullable=True),
        sa.Column("grid", postgresql.ARRAY(sa.Integer(), dimensions=2), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("span", postgresql.TSTZRANGE(), nullable=True),
        sa.Column("bits", postgresql.BIT(8), nullable=True),
        sa.Column("small", sa.SmallInteger(), nullable=True),
        sa.Column("double", sa.Integer(), sa.Computed("small * 2", persisted=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("guest_pkey")),
        sa.UniqueConstraint("email"),
        comment="whoever came; it's one row each",
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("guest_id", sa.BigInteger(), sa.ForeignKey("guest.id", ondelete="CASCADE"), nullable=False),
        sa.Column("note", sa.Text()),
    )


def downgrade():
    op.drop_table("visit")
    op.drop_table("guest")
