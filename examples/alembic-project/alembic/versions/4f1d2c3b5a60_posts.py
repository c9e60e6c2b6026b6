"""posts

Revision ID: 4f1d2c3b5a60
Revises:
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "4f1d2c3b5a60"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    post = op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(post, [{"title": "Hello, World"}, {"title": "A second one"}])


def downgrade() -> None:
    op.drop_table("post")
