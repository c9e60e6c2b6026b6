"""columns

Revision ID: 1b00000000a2
Revises: 1a00000000a1
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "1b00000000a2"
down_revision = "1a00000000a1"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("guest", sa.Column("country", sa.String(2), server_default="DE", nullable=False))
    op.add_column("guest", sa.Column("partner_id", sa.BigInteger(), sa.ForeignKey("guest.id", name="guest_partner")))
    op.alter_column("guest", "name", new_column_name="full_name", existing_type=sa.Unicode(50))
    op.alter_column("guest", "full_name", type_=sa.Text(), existing_type=sa.Unicode(50), existing_server_default="x", server_default=None)
    op.alter_column("guest", "score", existing_type=sa.Float(), nullable=False, server_default=sa.text("1.5"))
    op.alter_column("guest", "email", existing_type=sa.String(200), comment="where letters go", existing_nullable=False)
    op.drop_column("guest", "bits")
    op.add_column("visit", sa.Column("extra", sa.Integer(), nullable=True), if_not_exists=True)


def downgrade():
    op.drop_column("visit", "extra")
    op.execute("ALTER TABLE guest ADD COLUMN bits BIT(8)")
    op.alter_column("guest", "email", existing_type=sa.String(200), comment=None, existing_comment="where letters go")
    op.alter_column("guest", "score", existing_type=sa.Float(), nullable=True, server_default=None)
    op.alter_column("guest", "full_name", type_=sa.Unicode(50), server_default="again")
    op.alter_column("guest", "full_name", new_column_name="name")
    op.drop_constraint("guest_partner", "guest", type_="foreignkey")
    op.drop_column("guest", "partner_id")
    op.drop_column("guest", "country")
