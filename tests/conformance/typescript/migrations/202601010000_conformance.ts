// /// migration
// revision = "c0ffee"
// message = "conformance"
// ///
// All cases of tests/conformance/README.md.

import {
  copyInto,
  cursor,
  HostError,
  Interval,
  Irreversible,
  Numeric,
  PgDate,
  Range,
  Savepoint,
  SqlError,
  Time,
  TimeTz,
  Timestamp,
  Timestamptz,
  execute,
  executeScript,
  jsonb,
  log,
  type Parameter,
  type Rows,
  prepare,
  progress,
  query,
  queryOne,
  queryOptional,
  runInfo,
  runTransform,
  savepoint,
} from "host";

const note = (name: string, value: Parameter): number => execute("INSERT INTO notes VALUES ($1, $2)", [name, value]);

/** Notes of which kind the error is that a call throws. */
function noteKind(work: () => unknown): void {
  try {
    savepoint(work);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    note("kind", error.kind);
  }
}

function edges(): void {
  for (const row of query("SELECT * FROM edges ORDER BY id")) {
    const values = [...row];
    const places = values.map((_, index) => `$${index + 1}`);
    execute(`INSERT INTO copies VALUES (${places.join(", ")})`, values);
  }
}

function native(): void {
  const values: [name: string, type: string, value: Parameter][] = [
    ["bool", "boolean", true],
    ["int", "integer", -42],
    ["bigint", "bigint", 9223372036854775807n],
    ["float", "double precision", 0.1],
    ["nan", "double precision", NaN],
    ["numeric", "numeric", new Numeric("12345678901234567890.123450")],
    ["text", "text", "Grüße, 世界 🎉 'quoted' \\backslash"],
    ["empty", "text", ""],
    ["null", "text", null],
    ["bytes", "bytea", Uint8Array.of(0x00, 0xff, 0x10, 0x27, 0x5c)],
    ["date", "date", PgDate.of(2026, 2, 28)],
    ["time", "time", Time.of(23, 59, 59, 999999)],
    ["timetz", "timetz", TimeTz.of(12, 0, 0, 0, 7200)],
    ["timestamp", "timestamp", Timestamp.of(2026, 2, 28, 23, 59, 59, 999999)],
    ["timestamptz", "timestamptz", Timestamptz.parse("2026-02-28T23:59:59.999999Z")],
    ["interval", "interval", Interval.of({ months: 1, days: 2, seconds: 3, microseconds: 4 })],
    ["uuid", "uuid", "0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11"],
    ["json", "jsonb", jsonb({ a: [1, null, "x"] })],
    ["array", "integer[]", [1, null, 3]],
    ["matrix", "text[]", [["a", "b"], ["c", "d"]]],
    ["none", "integer[]", []],
    ["range", "int4range", new Range(1, 10)],
    ["unbounded", "tstzrange", new Range(Timestamptz.of(2026, 1, 1))],
    ["inet", "inet", "192.0.2.7/24"],
  ];
  for (const [name, type, value] of values) {
    execute(`INSERT INTO native VALUES ('${name}', ($1::${type})::text)`, [value]);
  }
}

function rows(): void {
  let sum = 0;
  let names = 0;
  for (const row of query<{ n: number; name: string }>("SELECT n, 'row ' || n AS name FROM generate_series(1, 1000) AS n")) {
    sum += row.n;
    const [, name] = row;
    names += name === `row ${row.n}` ? 1 : 0;
  }
  execute("INSERT INTO notes VALUES ('sum', $1), ('names', $2)", [String(sum), String(names)]);
  note("seven", String(queryOne("SELECT 7 AS seven").seven));
  note("nothing", queryOptional("SELECT 1 WHERE false") === null ? "none" : "a row");
}

function prepared(): void {
  const insert = prepare("INSERT INTO numbers VALUES ($1, $2)");
  note("one", String(insert.execute([0, "zero"])));
  note("many", String(insert.executeMany(Array.from({ length: 1000 }, (_, i) => [i + 1, `n${i + 1}`]))));
  note("found", prepare("SELECT name FROM numbers WHERE n = $1").queryOne([500]).name);
}

function bulk(): void {
  const numbers = cursor<{ n: number; name: string | null }>("SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END AS name FROM generate_series(1, 1000) AS n");
  const copy = copyInto("numbers", ["n", "name"]);
  for (let rows = numbers.fetch(300); rows.length > 0; rows = numbers.fetch(300)) {
    copy.write(rows.map(({ n, name }) => [n, name]));
  }
  note("written", String(copy.finish()));
  const dropped = copyInto("numbers", ["n", "name"], { schema: "public" });
  dropped.write([[0, "zero"]]);
  dropped.close();
}

interface NumberRow {
  n: number;
  name: string | null;
}

/** A transform. */
export function* shout(rows: Rows<NumberRow>): Iterable<Parameter[]> {
  for (const { n, name } of rows) if (n % 10 !== 0) yield [n, name?.toUpperCase() ?? null];
}

/** A transform. */
export function reject(rows: Rows<NumberRow>): Iterable<Parameter[]> {
  return rows.map((row) => {
    if (row.n === 500) throw new Error("the kitchen is closed");
    return [row.n, row.name];
  });
}

/** A transform. */
export function* same(rows: Rows): Iterable<Parameter[]> {
  for (const row of rows) yield [...row];
}

function rewrite(work: (rows: Rows<NumberRow>) => Iterable<Parameter[]>): void {
  execute("INSERT INTO numbers SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END FROM generate_series(1, 1000) AS n");
  const plan = { key: ["n"], into: "numbers", columns: ["n", "name"], batchRows: 300 };
  note("written", String(runTransform(work, "SELECT n, name FROM numbers", plan)));
}

function transformValues(): void {
  const columns =
    "id, a_bool, an_int2, an_int4, an_int8, a_float4, a_float8, a_numeric, " +
    "a_text, a_bytea, a_date, a_time, a_timestamptz, an_interval, a_uuid, a_jsonb";
  runTransform(same, `SELECT ${columns} FROM edges`, { key: ["id"], into: "copies", columns: columns.split(", "), mode: "insert" });
}

function caught(): void {
  try {
    savepoint(() => {
      note("twice", "1");
      note("twice", "2");
    });
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    for (const field of ["sqlstate", "constraint", "table", "schema"] as const) note(field, error[field] ?? null);
  }
}

function savepoints(): void {
  note("outer", "");
  savepoint(() => {
    note("inner", "");
    try {
      savepoint(() => {
        note("innermost", "");
        throw new Error("undo this");
      });
    } catch (error) {
      if ((error as Error).message !== "undo this") throw error;
    }
  });
}

function misuse(): void {
  const point = Savepoint.begin();
  point.release();
  noteKind(() => point.release());
}

function insert_nowhere(): void {
  execute("INSERT INTO nowhere VALUES (1)");
}

interface Restaurant {
  kitchen: { open: boolean };
}

function open_kitchen(restaurants: Record<string, Restaurant>): boolean {
  return restaurants.first!.kitchen.open;
}

function clock(): void {
  const { now } = runInfo();
  const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);
  note("clock", seconds(new Date()) === seconds(now.toDate()) ? "same" : new Date().toISOString());
}

function facts(): void {
  const run = runInfo();
  note("revision", run.revision);
  note("dry_run", String(run.dryRun));
  note("server", String(Math.floor(run.serverVersion / 10000)));
  note("path", run.searchPath.join(","));
  note("args", run.args.map(([key, value]) => `${key}=${value}`).join(","));
  note("seed", String(run.seed));
  note("now_is_recent", String(run.now > Timestamptz.of(2026, 1, 1)));
}

function logs(): void {
  console.debug("one");
  console.info("two");
  console.warn("three");
  console.error("four");
  log("trace", "five");
  console.log("printed");
  progress("tables", 3, 10);
}

function memory(): never {
  const all: string[] = [];
  for (;;) all.push("x".repeat(1_000_000) + all.length);
}

const recursion = (depth: number): number => recursion(depth + 1) + 1;

const CASES: Record<string, () => unknown> = {
  edges,
  native,
  rows,
  prepared,
  bulk,
  transform: () => rewrite(shout),
  transform_values: transformValues,
  transform_rejects: () => rewrite(reject),
  script: () => executeScript("INSERT INTO notes VALUES ('a; b', '1'); INSERT INTO notes VALUES ('c', '2');"),
  caught,
  savepoints,
  bad_params: () => noteKind(() => prepare("SELECT $1::int").execute([])),
  denied: () => noteKind(() => execute("COMMIT")),
  conversion: () => noteKind(() => query("SELECT '{[1,2)}'::int4multirange")),
  misuse,
  sql_error: insert_nowhere,
  failure() {
    throw new Error("the kitchen is closed");
  },
  panic: () => open_kitchen({}),
  offline: () => note("offline", "it's"),
  offline_query: () => query("SELECT 1"),
  random: () => note("random", [Math.random(), Math.random(), Math.random()].join(" ")),
  clock,
  run_info: facts,
  log: logs,
  endless() {
    for (;;);
  },
  memory,
  recursion: () => recursion(0),
  // @ts-expect-error: there is no such module
  file: async () => (await import("node:fs")).readFileSync("/etc/passwd"),
  // @ts-expect-error: there is no such function
  network: () => fetch("http://127.0.0.1:5432"),
  // @ts-expect-error: there is no such module
  process: async () => (await import("node:child_process")).execFileSync("/bin/true"),
  irreversible: () => note("up", "1"),
};

export async function upgrade(): Promise<void> {
  const name = runInfo().arg("case");
  if (!Object.hasOwn(CASES, name ?? "")) throw new Error(`unknown case ${name}`);
  await CASES[name!]!();
}

export function downgrade(): void {
  if (runInfo().arg("case") === "irreversible") throw new Irreversible();
}
