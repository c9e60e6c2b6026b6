"""rename and comment

Revision ID: 1c00000000a3
Revises: 1b00000000a2
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "1c00000000a3"
down_revision = "1b00000000a2"
branch_labels = None
depends_on = None


def upgrade():
    op.rename_table("visit", "stay")
    op.create_table_comment("stay", "from arrival to departure", existing_comment=None)
    op.drop_table_comment("guest", existing_comment="whoever came; it's one row each")
    op.execute("ALTER SEQUENCE visit_id_seq RENAME TO stay_id_seq")
    op.alter_column("stay", "id", existing_type=sa.Integer(), server_default=sa.text("nextval('stay_id_seq')"))


def downgrade():
    op.execute("ALTER SEQUENCE stay_id_seq RENAME TO visit_id_seq")
    op.create_table_comment("guest", "whoever came; it's one row each")
    op.drop_table_comment("stay", existing_comment="from arrival to departure")
    op.rename_table("stay", "visit")
