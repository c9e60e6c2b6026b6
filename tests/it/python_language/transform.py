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


def forgets(guests):
    for id, phone in guests:
        (id, phone)


async def later(guests):
    return guests


def short(guests):
    for id, _ in guests:
        yield (id,)


def upgrade():
    host.execute("CREATE TABLE guests (id bigint PRIMARY KEY, phone text)")
    host.execute("INSERT INTO guests SELECT n, CASE WHEN n % 7 > 0 THEN '0 ' || n END FROM generate_series(1, 20000) AS n")
    plan = {"key": ["id"], "into": "guests", "columns": ["id", "phone"], "batch_rows": 3000}
    written = host.run_transform(digits, "SELECT id, phone FROM guests", **plan)
    assert written == 20000, written
    assert host.query_one("SELECT count(*) AS n FROM guests WHERE phone <> '0' || id").n == 0
    for function, words, changed in [
        (rejects, "'rejects' rejects the row with id = 3000", {}),
        (lambda rows: rows, "at the top level", {}),
        (forgets, "forgets has to give back rows, by `yield id, phone` or as a list, not None", {}),
        (later, "later has to give back rows", {}),
        (short, "row 1 has 1 values, the target 2 columns", {}),
        (digits, "key and columns are lists of names of columns", {"key": "id"}),
        (digits, "batch_rows is a whole number, not 0.5", {"batch_rows": 0.5}),
        (digits, "parallelism is a whole number, not -1", {"parallelism": -1}),
        (digits, "guests has no column 'fone': it has id, phone", {"columns": ["id", "fone"]}),
    ]:
        try:
            host.run_transform(function, "SELECT id, phone FROM guests", **(plan | changed))
        except host.Misuse as caught:
            assert words in str(caught), caught
        else:
            raise AssertionError(words)


def downgrade():
    host.execute("DROP TABLE guests")
