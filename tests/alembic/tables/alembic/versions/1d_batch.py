"""batch

Revision ID: 1d00000000a4
Revises: 1c00000000a3
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "1d00000000a4"
down_revision = "1c00000000a3"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("stay", schema=None) as batch_op:
        batch_op.add_column(sa.Column("room", sa.Integer(), nullable=True))
        batch_op.alter_column("note", new_column_name="remark", existing_type=sa.Text(), type_=sa.String(300))
        batch_op.create_index(batch_op.f("ix_stay_room"), ["room"], unique=False)
        batch_op.create_check_constraint("room_number", sa.column("room") > 0)
        batch_op.create_unique_constraint("stay_guest_room", ["guest_id", "room"])
        batch_op.drop_constraint("visit_guest_id_fkey", type_="foreignkey")
        batch_op.create_foreign_key("stay_guest", "guest", ["guest_id"], ["id"])


def downgrade():
    with op.batch_alter_table("stay", schema=None) as batch_op:
        batch_op.drop_constraint("stay_guest", type_="foreignkey")
        batch_op.create_foreign_key("visit_guest_id_fkey", "guest", ["guest_id"], ["id"], ondelete="CASCADE")
        batch_op.drop_constraint("stay_guest_room", type_="unique")
        batch_op.drop_constraint("room_number", type_="check")
        batch_op.drop_index(batch_op.f("ix_stay_room"))
        batch_op.alter_column("remark", new_column_name="note", existing_type=sa.String(300), type_=sa.Text())
        batch_op.drop_column("room")
