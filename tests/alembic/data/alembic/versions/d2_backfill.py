"""backfill

Revision ID: d2000000d002
Revises: d1000000d001
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects.postgresql import JSONB, insert

revision = "d2000000d002"
down_revision = "d1000000d001"
branch_labels = None
depends_on = None

Base = orm.declarative_base()


class Account(Base):
    __tablename__ = "account"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String)
    data = sa.Column(JSONB)
    letters = orm.relationship("Letter", back_populates="account")


class Letter(Base):
    __tablename__ = "letter"
    id = sa.Column(sa.Integer, primary_key=True)
    account_id = sa.Column(sa.ForeignKey("account.id"))
    text = sa.Column(sa.Text)
    account = orm.relationship(Account, back_populates="letters")


def upgrade():
    op.add_column("account", sa.Column("slug", sa.String(60)))
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id")),
        sa.Column("text", sa.Text()),
    )
    bind = op.get_bind()
    for row in bind.execute(sa.text("SELECT id, name FROM account ORDER BY id")).mappings():
        slug = row["name"].lower().replace(" ", "-")
        bind.execute(sa.text("UPDATE account SET slug = :slug WHERE id = :id"), {"slug": slug, "id": row["id"]})
    session = orm.Session(bind=bind)
    first = session.query(Account).order_by(Account.id).first()
    assert first.data["tags"] == ["vip", None], first.data
    first.letters.append(Letter(text="welcome"))
    late = session.query(Account).filter(Account.id > 48).order_by(Account.id)
    session.add_all([Letter(account=account, text=f"to {account.name}") for account in late])
    session.flush()
    assert session.query(sa.func.count(Letter.id)).scalar() == 5
    with session.begin_nested():
        session.execute(sa.update(Account).where(Account.name == "Bob").values(data={"by": "hand"}))
    session.flush()
    try:
        with bind.begin_nested():
            bind.execute(sa.text("INSERT INTO letter (account_id) VALUES (-1)"))
    except sa.exc.IntegrityError as error:
        assert error.orig.sqlstate == "23503"
    op.execute(sa.text("UPDATE account SET name = :name WHERE id = :id").bindparams(name="Robert", id=2))
    letter = sa.table("letter", sa.column("id", sa.Integer), sa.column("text", sa.Text))
    again = insert(letter).values(id=1, text="again")
    bind.execute(again.on_conflict_do_update(index_elements=["id"], set_={"text": "again"}))
    found = bind.execute(letter.insert().values(id=99, text="last").returning(letter.c.id, letter.c.text)).one()
    assert tuple(found) == (99, "last")
    grid, span = bind.execute(sa.text("SELECT grid, span FROM account WHERE id = 1")).one()
    assert grid == [[1, 2], [3, 4]] and span.lower == 1 and span.upper == 11
    assert bind.scalar(sa.text("SELECT count(*) FROM account WHERE name LIKE 'guest%'")) == 50
    data = sa.bindparam("data", type_=JSONB)
    bind.execute(sa.text("UPDATE account SET data = :data WHERE id = 3").bindparams(data), {"data": [1]})


def downgrade():
    op.drop_table("letter")
    op.drop_column("account", "slug")
    op.execute("UPDATE account SET name = 'Bob', data = NULL WHERE id = 2")
    op.execute("UPDATE account SET data = NULL WHERE id = 3")
