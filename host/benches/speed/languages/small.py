import host


def upgrade():
    host.execute("CREATE TABLE thing (id bigint PRIMARY KEY, name text NOT NULL)")
    host.execute("INSERT INTO thing VALUES ($1, $2)", 1, "one")
    host.execute("INSERT INTO thing VALUES ($1, $2)", 2, "two")


def downgrade():
    host.execute("DROP TABLE thing")
