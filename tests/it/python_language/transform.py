# /// migration
# revision = "py"
# ///
import host


def digits(guests):
    for id, phone in guests:
        yield id, phone and phone.replace(" ", "")


def rejects(guests):
    for guest in guests:
        if guest.id == 3000:
            raise ValueError("no phone number")
        yield guest


def upgrade():
    host.execute("CREATE TABLE guests (id bigint PRIMARY KEY, phone text)")
    host.execute("INSERT INTO guests SELECT n, CASE WHEN n % 7 > 0 THEN '0 ' || n END FROM generate_series(1, 20000) AS n")
    plan = {"key": ["id"], "into": "guests", "columns": ["id", "phone"], "batch_rows": 3000}
    written = host.run_transform(digits, "SELECT id, phone FROM guests", **plan)
    assert written == 20000, written
    assert host.query_one("SELECT count(*) AS n FROM guests WHERE phone <> '0' || id").n == 0
    for function, error, words in [
        (rejects, host.Misuse, "'rejects' rejects the row with id = 3000"),
        (lambda rows: rows, host.Misuse, "at the top level"),
    ]:
        try:
            host.run_transform(function, "SELECT id, phone FROM guests", **plan)
        except error as caught:
            assert words in str(caught), caught
        else:
            raise AssertionError(words)


def downgrade():
    host.execute("DROP TABLE guests")
