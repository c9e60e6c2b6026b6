"""only where it is missing

Revision ID: 4e0000000002
Revises: 4e0000000001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "4e0000000002"
down_revision = "4e0000000001"
branch_labels = None
depends_on = None


def upgrade():
    bind = op.get_bind()
    inspector = sa.inspect(bind)
    assert set(inspector.get_table_names()) >= {"parent", "child"}
    assert inspector.get_view_names() == ["pairs"]
    assert [column["name"] for column in inspector.get_columns("pairs")] == ["id", "name"]
    assert inspector.get_pk_constraint("child")["constrained_columns"] == ["id"]
    assert inspector.get_foreign_keys("child")[0]["options"] == {"ondelete": "CASCADE"}
    assert inspector.get_unique_constraints("parent")[0]["name"] == "parent_name"
    assert inspector.get_check_constraints("child")[0]["name"] == "positive"
    assert inspector.get_indexes("child")[0]["dialect_options"]["postgresql_where"] == "(id > 5)"
    assert inspector.get_enums()[0]["labels"] == ["a", "b"]
    assert inspector.get_view_definition("pairs").strip().startswith("SELECT")
    if "age" not in [column["name"] for column in inspector.get_columns("parent")]:
        op.add_column("parent", sa.Column("age", sa.Integer()))
    if not inspector.has_table("uncle"):
        op.create_table("uncle", sa.Column("id", sa.Integer(), primary_key=True))
    metadata = sa.MetaData()
    metadata.reflect(bind, only=["parent", "child"])
    child = metadata.tables["child"]
    assert isinstance(child.c.state.type, sa.Enum) and child.c.parent_id.references(metadata.tables["parent"].c.id)
    parent = sa.Table("parent", sa.MetaData(), autoload_with=bind)
    bind.execute(parent.insert().values(id=1, name="one", age=3))


def downgrade():
    op.drop_table("uncle")
    op.execute("DELETE FROM parent")
    op.drop_column("parent", "age")
