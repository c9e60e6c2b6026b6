"""concurrently

Revision ID: 0a0000000002
Revises: 0a0000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "0a0000000002"
down_revision = "0a0000000001"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_document_owner", "document", ["owner"], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index("ix_document_owner", table_name="document", postgresql_concurrently=True)
