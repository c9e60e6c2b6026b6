"""slugs

Revision ID: 9a8b7c6d5e4f
Revises: 4f1d2c3b5a60
Create Date: 2026-03-02 10:11:12.123456

"""
import re

from alembic import op
import sqlalchemy as sa
from sqlalchemy.orm import Session

from blog.models import Post

revision = "9a8b7c6d5e4f"
down_revision = "4f1d2c3b5a60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post", sa.Column("slug", sa.String(length=200), nullable=True))
    with Session(op.get_bind()) as session:
        for post in session.scalars(sa.select(Post)):
            post.slug = re.sub(r"\W+", "-", post.title.lower())
        session.commit()
    op.alter_column("post", "slug", nullable=False)
    op.create_unique_constraint("post_slug_key", "post", ["slug"])


def downgrade() -> None:
    op.drop_column("post", "slug")
