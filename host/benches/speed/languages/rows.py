import host

ROWS = """
    SELECT n::bigint AS id, 'guest ' || n AS name, n % 2 = 0 AS vip, timestamptz '2026-01-01' + n * interval '1 minute' AS since,
           n * 0.5::double precision AS spent
      FROM generate_series(1, $1::bigint) AS n
"""


def upgrade():
    args = dict(host.run_info().args)
    count = int(args["rows"])
    host.execute("CREATE TABLE guests (id bigint, name text, vip boolean, since timestamptz, spent double precision)")
    if args["case"] == "read":
        total = 0
        for id, name, vip, since, spent in host.query(ROWS, count):
            total += id
        assert total == count * (count + 1) // 2
    else:
        since = host.query_one("SELECT timestamptz '2026-01-01' AS since").since
        rows = [(n, f"guest {n}", n % 2 == 0, since, n * 0.5) for n in range(count)]
        if rows:
            host.execute_many("INSERT INTO guests VALUES ($1, $2, $3, $4, $5)", rows)


def downgrade():
    host.execute("DROP TABLE guests")
