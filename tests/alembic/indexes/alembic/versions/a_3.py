"""after it

Revision ID: 0a0000000003
Revises: 0a0000000002
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "0a0000000003"
down_revision = "0a0000000002"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("ix_document_lower", table_name="document")
    op.execute("CREATE UNIQUE INDEX ix_document_upper ON document (upper(title))")


def downgrade():
    op.execute("DROP INDEX ix_document_upper")
    op.create_index("ix_document_lower", "document", [sa.text("lower(title)")])
