import host

COLUMNS = {
    "yes": "boolean",
    "data": "bytea",
    "small": "smallint",
    "middle": "integer",
    "large": "bigint",
    "name": "text",
    "word": "varchar(20)",
    "padded": "char(5)",
    "mood": "mood",
    "email": "email",
    "half": "real",
    "double": "double precision",
    "amount": "numeric",
    "day": "date",
    "clock": "time",
    "local": "timestamp",
    "moment": "timestamptz",
    "span": "interval",
    "id": "uuid",
    "json": "json",
    "jsonb": "jsonb",
}
VALUES = """
    (true, '\\x00ff', -7, 7, 1 << 40, 'Grüße', 'w', 'p', 'glad', 'a@example.org', 0.5, -0.1, 12345.6700, '2026-02-28', '23:59:59.999999',
     '2026-02-28 12:00', '2026-02-28 12:00+02', '1 year 2 days 3 seconds', '0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11', '{"a":  1}', '[1, null]'),
    (false, '', 0, 0, 0, '', '', '', 'sad', 'b@example.org', 'NaN', 'Infinity', 'NaN', 'infinity', '24:00',
     '-infinity', 'infinity', '0', '00000000-0000-0000-0000-000000000000', 'null', 'null'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1e-20, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
"""


def upgrade():
    host.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')")
    host.execute("CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%')")
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    for table in ("here", "there", "piece"):
        host.execute(f"CREATE TABLE {table} ({columns})")
    host.execute(f"INSERT INTO here VALUES {VALUES}")
    with host.cursor("TABLE here") as here, host.copy_into("there", list(COLUMNS), schema="public") as there:
        there.write(here)
    assert there.written == 3
    assert same("there")

    # Without those types that have no binary form here, rows come in it.
    names = [name for name in COLUMNS if name not in ("mood", "email")]
    with host.cursor(f"SELECT {', '.join(names)} FROM here") as here, host.copy_into("piece", names) as piece:
        values = host.query(f"SELECT {', '.join(names)} FROM here")
        rows = list(here)
        assert list(map(repr, rows)) == list(map(repr, values)), (rows, values)
        assert rows[0].name == "Grüße"
        piece.write(rows)
    host.execute("UPDATE piece SET mood = here.mood, email = here.email FROM here WHERE here.id IS NOT DISTINCT FROM piece.id")
    assert same("piece")

    host.execute("CREATE TABLE lists (id int, tags text[], span int4range)")
    with host.copy_into("lists", ["id", "tags", "span"]) as lists:
        lists.write((n, ["a", None], host.Range(1, n + 2)) for n in range(10))
    assert host.query_one("SELECT count(*) FROM lists WHERE tags[1] = 'a' AND upper(span) = id + 2").count == 10
    host.execute("DROP TABLE lists")

    for columns, error, words in [
        (["none"], host.Misuse, "there has no column 'none'"),
        (["name", "small"], host.Conversion, "column small of row 1: 70000 does not fit"),
    ]:
        try:
            with host.copy_into("there", columns) as there:
                there.write([("x", 70000)])
        except error as caught:
            assert words in str(caught), caught
        else:
            raise AssertionError(words)
    try:
        with host.copy_into("there", ["name"]) as there:
            there.write(("x",) for _ in range(10))
            raise KeyError
    except KeyError:
        assert host.query_one("SELECT count(*) FROM there").count == 3


def same(table):
    different = "SELECT count(*) FROM ((SELECT here::text FROM here EXCEPT SELECT t::text FROM {0} AS t) UNION ALL (SELECT t::text FROM {0} AS t EXCEPT SELECT here::text FROM here)) AS d"
    return host.query_one(different.format(table)).count == 0


def downgrade():
    for table in ("here", "there", "piece"):
        host.execute(f"DROP TABLE {table}")
    host.execute("DROP DOMAIN email")
    host.execute("DROP TYPE mood")
