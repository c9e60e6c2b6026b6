# /// migration
# revision = "c0ffee"
# message = "conformance"
# created = "2026-11-30T17:00:00Z"
# ///
"""All cases of tests/conformance/README.md."""

import datetime
import ipaddress
import logging
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import host

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2026, 2, 28, 23, 59, 59, 999999)


def note(name: str, value: object) -> None:
    host.execute("INSERT INTO notes VALUES ($1, $2)", name, str(value))


def edges() -> None:
    for row in host.query("SELECT * FROM edges ORDER BY id"):
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        host.execute(f"INSERT INTO copies VALUES ({places})", *row)


def native() -> None:
    values: list[tuple[str, str, Any]] = [
        ("bool", "boolean", True),
        ("int", "integer", -42),
        ("bigint", "bigint", 9223372036854775807),
        ("float", "double precision", 0.1),
        ("nan", "double precision", float("nan")),
        ("numeric", "numeric", Decimal("12345678901234567890.123450")),
        ("text", "text", "Grüße, 世界 🎉 'quoted' \\backslash"),
        ("empty", "text", ""),
        ("null", "text", None),
        ("bytes", "bytea", bytes([0x00, 0xFF, 0x10, 0x27, 0x5C])),
        ("date", "date", datetime.date(2026, 2, 28)),
        ("time", "time", datetime.time(23, 59, 59, 999999)),
        ("timetz", "timetz", datetime.time(12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))),
        ("timestamp", "timestamp", MOMENT),
        ("timestamptz", "timestamptz", MOMENT.replace(tzinfo=UTC)),
        ("interval", "interval", host.Interval(months=1, days=2, micros=3_000_004)),
        ("uuid", "uuid", uuid.UUID("0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11")),
        ("json", "jsonb", host.Jsonb({"a": [1, None, "x"]})),
        ("array", "integer[]", [1, None, 3]),
        ("matrix", "text[]", [["a", "b"], ["c", "d"]]),
        ("none", "integer[]", []),
        ("range", "int4range", host.Range(1, 10)),
        ("unbounded", "tstzrange", host.Range(datetime.datetime(2026, 1, 1, tzinfo=UTC))),
        ("inet", "inet", ipaddress.ip_interface("192.0.2.7/24")),
    ]
    for name, kind, value in values:
        host.execute(f"INSERT INTO native VALUES ('{name}', ($1::{kind})::text)", value)


def rows() -> None:
    found = host.query("SELECT n, 'row ' || n AS name FROM generate_series(1, 1000) AS n")
    total, names = 0, 0
    for row in found:
        total += row.n
        names += len({row[1]})
    host.execute("INSERT INTO notes VALUES ('sum', $1), ('names', $2)", str(total), str(names))
    note("seven", host.query_one("SELECT 7 AS seven").seven)
    note("nothing", "none" if host.query_optional("SELECT 1 WHERE false") is None else "some")


def prepared() -> None:
    with host.prepare("INSERT INTO numbers VALUES ($1, $2)") as insert:
        note("one", insert.execute(0, "zero"))
        note("many", insert.execute_many((n, f"n{n}") for n in range(1, 1001)))
    with host.prepare("SELECT name FROM numbers WHERE n = $1") as find:
        note("found", find.query_one(500).name)


def bulk() -> None:
    query = "SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END AS name FROM generate_series(1, 1000) AS n"
    with host.cursor(query) as numbers, host.copy_into("numbers", ["n", "name"]) as copy:
        while rows := numbers.fetch(300):
            copy.write(rows)
        note("written", copy.finish())
    dropped = host.copy_into("numbers", ["n", "name"], schema="public")
    dropped.write([(0, "zero")])
    dropped.close()


def numbers() -> None:
    host.execute("INSERT INTO numbers SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END FROM generate_series(1, 1000) AS n")


def shout(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    for n, name in rows:
        if n % 10 != 0:
            yield n, name and name.upper()


def rewrite(work: Callable[[Iterable[Any]], Iterator[Sequence[Any]]]) -> None:
    numbers()
    source = "SELECT n, name FROM numbers"
    written = host.run_transform(work, source, key=["n"], into="numbers", columns=["n", "name"], batch_rows=300)
    note("written", written)


def transform() -> None:
    rewrite(shout)


def same(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    yield from rows


def transform_values() -> None:
    columns = "id, a_bool, an_int2, an_int4, an_int8, a_float4, a_float8, a_numeric, "
    columns += "a_text, a_bytea, a_date, a_time, a_timestamptz, an_interval, a_uuid, a_jsonb"
    host.run_transform(same, f"SELECT {columns} FROM edges", key=["id"], into="copies", columns=columns.split(", "), mode="insert")


def reject(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    for row in rows:
        if row.n == 500:
            raise RuntimeError("the kitchen is closed")
        yield row


def transform_rejects() -> None:
    rewrite(reject)


def script() -> None:
    host.execute_script("INSERT INTO notes VALUES ('a; b', '1'); INSERT INTO notes VALUES ('c', '2');")


def caught() -> None:
    try:
        with host.savepoint():
            note("twice", 1)
            note("twice", 2)
    except host.SqlError as error:
        for name in ("sqlstate", "constraint", "table", "schema"):
            note(name, getattr(error, name))


def savepoints() -> None:
    note("outer", 1)
    with host.savepoint():
        note("inner", 1)
        try:
            with host.savepoint():
                note("innermost", 1)
                raise LookupError("not this one")
        except LookupError:
            pass


def kind_of(call: Callable[[], object]) -> str:
    try:
        call()
    except host.BadParams:
        return "bad-params"
    except host.Conversion:
        return "conversion"
    except host.Denied:
        return "denied"
    except host.Misuse:
        return "misuse"
    return "nothing"


def bad_params() -> None:
    note("kind", kind_of(lambda: host.prepare("SELECT $1::int").execute()))


def denied() -> None:
    note("kind", kind_of(lambda: host.execute("COMMIT")))


def conversion() -> None:
    note("kind", kind_of(lambda: host.query("SELECT '{[1,2)}'::int4multirange")))


def misuse() -> None:
    with host.savepoint() as point:
        point.release()
        kind = kind_of(point.release)
    note("kind", kind)


def insert_nowhere() -> None:
    host.execute("INSERT INTO nowhere VALUES (1)")


def sql_error() -> None:
    insert_nowhere()


def failure() -> None:
    raise RuntimeError("the kitchen is closed")


def open_kitchen() -> None:
    hours: dict[str, int] = {}
    print(hours["kitchen"])


def panic() -> None:
    open_kitchen()


def offline() -> None:
    host.execute("INSERT INTO notes VALUES ($1, $2)", "offline", "it's")


def offline_query() -> None:
    host.query("SELECT 1")


def random_numbers() -> None:
    note("random", " ".join(str(random.randrange(10**9)) for _ in range(3)))


def clock() -> None:
    now = datetime.datetime.now(UTC)
    note("clock", "same" if abs(now - host.run_info().now) < datetime.timedelta(seconds=1) else now)


def run_info() -> None:
    run = host.run_info()
    note("revision", run.revision)
    note("dry_run", str(run.dry_run).lower())
    note("server", run.server_version // 10000)
    note("path", ",".join(run.search_path))
    note("args", ",".join(f"{key}={value}" for key, value in run.args))
    note("seed", run.seed)
    note("now_is_recent", str(run.now > datetime.datetime(2026, 1, 1, tzinfo=UTC)).lower())


def log() -> None:
    logging.debug("one")
    logging.info("two")
    logging.warning("three")
    logging.error("four")
    print("printed")
    host.progress("tables", 3, 10)


def endless() -> None:
    while True:
        pass


def memory() -> None:
    taken: list[bytes] = []
    while True:
        taken.append(bytes(1_000_000))


def recursion() -> None:
    recursion()


def file() -> None:
    with open("/etc/passwd", encoding="utf-8") as passwords:
        print(passwords.read())


def network() -> None:
    import socket

    socket.create_connection(("127.0.0.1", 5432))


def process() -> None:
    import subprocess

    subprocess.run(["/bin/true"], check=True)


def irreversible() -> None:
    note("up", 1)


CASES: dict[str | None, Callable[[], None]] = {
    case.__name__: case
    for case in (
        edges, native, rows, prepared, bulk, transform, transform_values, transform_rejects, script, caught, savepoints,
        bad_params, denied, conversion, misuse, sql_error,
        failure, panic, offline, offline_query, clock, run_info, log, endless, memory, recursion, file, network, process,
        irreversible,
    )
}  # fmt: skip
CASES["random"] = random_numbers


def upgrade() -> None:
    name = host.run_info().arg("case")
    case = CASES.get(name)
    if case is None:
        raise ValueError(f"unknown case {name}")
    case()


def downgrade() -> None:
    if host.run_info().arg("case") == "irreversible":
        raise host.Irreversible
