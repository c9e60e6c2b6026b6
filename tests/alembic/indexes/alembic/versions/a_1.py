"""documents

Revision ID: 0a0000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0a0000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False, index=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("body", postgresql.TSVECTOR()),
        sa.Column("data", postgresql.JSONB()),
        sa.Column("gone", sa.DateTime()),
    )
    op.create_index("ix_document_data", "document", ["data"], postgresql_using="gin")
    op.create_index("ix_document_path", "document", ["data"], postgresql_using="gin", postgresql_ops={"data": "jsonb_path_ops"})
    op.create_index("ix_document_body", "document", ["body"], postgresql_using="gin", postgresql_with={"fastupdate": "off"})
    op.create_index("ix_document_lower", "document", [sa.text("lower(title)")])
    op.create_index("ix_document_here", "document", ["owner"], unique=True, postgresql_where=sa.text("gone IS NULL"))
    op.create_index("ix_document_both", "document", [sa.text("title DESC NULLS LAST"), "owner"], postgresql_include=["id"])
    op.create_index("ix_document_gone", "document", ["gone"], if_not_exists=True)
    op.create_index("ix_document_gone", "document", ["gone"], if_not_exists=True)


def downgrade():
    op.drop_index("ix_document_gone", table_name="document", if_exists=True)
    op.drop_index("ix_document_gone", table_name="document", if_exists=True)
    for name in ("both", "here", "lower", "body", "path", "data"):
        op.drop_index(f"ix_document_{name}", table_name="document")
    op.drop_table("document")
