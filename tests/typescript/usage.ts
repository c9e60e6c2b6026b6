// What the declarations of the SDK allow, and what they refuse. tsc checks it; nothing runs.

import {
  Interval,
  Numeric,
  PgArray,
  PgDate,
  Range,
  SqlError,
  Timestamptz,
  execute,
  executeMany,
  jsonb,
  log,
  prepare,
  query,
  queryOne,
  queryOptional,
  runInfo,
  runTransform,
  savepoint,
} from "host";

interface Guest {
  id: bigint;
  name: string;
}

// Rows have the names of an interface, and their order.
for (const guest of query<Guest>("SELECT id, name FROM guests")) {
  const name: string = guest.name;
  const [id] = guest;
  execute("UPDATE guests SET name = $1 WHERE id = $2", [name, id]);
  // @ts-expect-error: there is no such column
  guest.nmae;
}
const anything: number = queryOne("SELECT 1 AS x").x;
const found: Guest | null = queryOptional<Guest>("SELECT id, name FROM guests");
const types: readonly string[] = query("SELECT 1").columns.map((column) => column.typeName);
const oids: number[] = prepare("SELECT $1::int").params;

// Parameters are values of PostgreSQL.
execute("SELECT …", [1, 1n, "a", null, true, new Date(), Uint8Array.of(1), { a: 1 }, jsonb([1]), [1, null], [["a"], ["b"]]]);
execute("SELECT …", [new Numeric("1.50"), PgDate.of(2026, 1, 1), new Range(1, 10), Interval.of({ days: 1 })]);
executeMany("INSERT …", new Set([[1, "a"]]));
for (const row of query("SELECT * FROM edges")) execute("INSERT …", [...row]);
// @ts-expect-error: undefined is no value
execute("SELECT $1", [undefined]);
// @ts-expect-error: parameters are a list
execute("SELECT $1", "a");
// @ts-expect-error: a function is no value
execute("SELECT $1", [() => 1]);
// @ts-expect-error: there is no such level
log("loud", "words");
// @ts-expect-error: a numeric does not compute
new Numeric("1") * 2;

// The rows of a transform have the names of an interface, and what comes back are values.
const upper = function* (guests: Iterable<Guest>) {
  for (const { id, name } of guests) yield [id, name.toUpperCase()];
};
const rewritten: number = runTransform<Guest>(upper, "SELECT id, name FROM guests", { key: ["id"], into: "guests", columns: ["id", "name"] });
// @ts-expect-error: there is no such option
runTransform(upper, "SELECT 1", { key: ["id"], into: "guests", columns: ["id"], batch_rows: 5 });
// @ts-expect-error: a transform is not async
runTransform(async () => [], "SELECT 1", { key: ["id"], into: "guests", columns: ["id"] });

// What a savepoint does, it gives on.
const done: number = savepoint(() => execute("DELETE FROM visits"));
const later: Promise<string> = savepoint(async () => "later");
try {
  execute("SELECT 1");
} catch (error) {
  if (error instanceof SqlError && error.sqlstate === "23505") console.warn(error.constraint ?? "no constraint");
}

const isLate: boolean = runInfo().now > Timestamptz.of(2026, 1, 1);
const bounds: readonly number[] = PgArray.withBounds([1, 2], [0]).lowerBounds;

// Nothing of Node or of browsers is there.
// @ts-expect-error: no network
fetch("http://localhost");
// @ts-expect-error: no environment
process.env;

export { anything, bounds, done, found, isLate, later, oids, rewritten, types };
