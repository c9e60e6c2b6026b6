import host


def upgrade():
    host.execute("CREATE TABLE IF NOT EXISTS thing (id bigint, name text)")
    host.execute("INSERT INTO thing VALUES ($1, $2)", {number}, "thing {number}")


def downgrade():
    host.execute("DELETE FROM thing WHERE id = {number}")
