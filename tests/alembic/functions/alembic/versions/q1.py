"""functions, triggers, sequences

Revision ID: f50000000001
Revises: None
Create Date: 2026-03-01 10:11:12.123456

"""
from alembic import op
import sqlalchemy as sa

revision = "f50000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS citext")
    op.execute("CREATE DOMAIN email AS citext CHECK (VALUE ~ '^[^@]+@[^@]+$')")
    op.execute("CREATE SEQUENCE ticket START 1000; CREATE TABLE person (id bigint PRIMARY KEY DEFAULT nextval('ticket'), mail email)")
    op.execute(
        """
        CREATE FUNCTION shout(text) RETURNS text AS $$ SELECT upper($1) || '!;' $$ LANGUAGE sql IMMUTABLE;
        CREATE FUNCTION check_person() RETURNS trigger AS $$
        BEGIN
            IF NEW.mail = 'nobody@example.org' THEN
                RAISE EXCEPTION 'not this one';
            END IF;
            RETURN NEW;
        END;
        $$ LANGUAGE plpgsql;
        """
    )
    op.execute("CREATE TRIGGER person_check BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION check_person()")
    op.execute("DO $$ BEGIN PERFORM 1; INSERT INTO person (mail) VALUES ('a@example.org'); END $$")
    op.execute("INSERT INTO person (mail) VALUES ('b@example.org'); SELECT setval('ticket', 5000)")
    op.execute(sa.schema.CreateSequence(sa.Sequence("other", start=7, increment=2)))
    op.execute("CREATE MATERIALIZED VIEW mails AS SELECT mail, shout(mail::text) AS loud FROM person")
    op.execute("COMMENT ON TABLE person IS 'of all people: 100%'")
    op.execute("ALTER TABLE person ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY own ON person USING (mail::text = current_user)")


def downgrade():
    op.execute("DROP MATERIALIZED VIEW mails")
    op.execute(sa.schema.DropSequence(sa.Sequence("other")))
    op.execute("DROP TABLE person; DROP SEQUENCE ticket")
    op.execute("DROP FUNCTION check_person(); DROP FUNCTION shout(text)")
    op.execute("DROP DOMAIN email")
    op.execute("DROP EXTENSION citext")
