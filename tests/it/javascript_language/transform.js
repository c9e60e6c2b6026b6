import { Misuse, execute, queryOne, runTransform } from "host";

export function* digits(guests) {
  if (guests.columns.map(({ name, typeName }) => `${name} ${typeName}`).join() !== "id int8,phone text") throw new Error("columns");
  for (const [id, phone] of guests) yield [id, phone?.replaceAll(" ", "") ?? null];
}

export function rejects(guests) {
  return guests.map(({ id, phone }) => {
    if (id === 3000n) throw new TypeError("no phone number");
    return [id, phone];
  });
}

export const moods = (guests) => guests.map(({ id, mood, tags, seen, card }) => [id, mood === "glad" ? "tired" : mood, tags, seen, card]);
export const objects = (guests) => guests;
export const nothing = () => {};
export async function later() {
  return [];
}
export const short = (guests) => guests.map(({ id }) => [id]);
export const undefineds = (guests) => guests.map(({ id, name }) => [id, name]);
export const floats = (guests) => guests.map(({ phone }) => [0.5, phone]);
export const statements = () => [execute("SELECT 1")];
const hidden = (guests) => guests;

const SOURCE = "SELECT id, phone FROM guests";
const PLAN = { key: ["id"], into: "guests", columns: ["id", "phone"], batchRows: 3000 };

/** What a call is refused with. */
function refused(work, words, changed = {}, source = SOURCE) {
  let said = "nothing was thrown";
  try {
    runTransform(work, source, { ...PLAN, ...changed });
  } catch (error) {
    if (error instanceof Misuse && error.message.includes(words)) return;
    said = `${error.name} ${error.message}`;
  }
  throw new Error(`${words}: ${said}`);
}

export function upgrade() {
  execute("CREATE TYPE mood AS ENUM ('glad', 'tired')");
  execute("CREATE DOMAIN card AS numeric(20, 2)");
  execute("CREATE TABLE guests (id bigint PRIMARY KEY, phone text, mood mood, tags text[], seen timestamptz, card card)");
  execute(`INSERT INTO guests SELECT n, CASE WHEN n % 7 > 0 THEN '0 ' || n END, 'glad', ARRAY['a', NULL], '2026-01-01 00:00:00.000001Z', n / 4.0
             FROM generate_series(1, 20000) AS n`);
  const written = runTransform(digits, SOURCE, PLAN);
  if (written !== 20000) throw new Error(`${written} rows`);
  if (queryOne("SELECT count(*) AS n FROM guests WHERE phone <> '0' || id").n !== 0n) throw new Error("phones");

  // A type without a class passes as it is, an enum as its label.
  const columns = ["id", "mood", "tags", "seen", "card"];
  runTransform(moods, "SELECT id, mood, tags, seen, card FROM guests", { key: ["id"], into: "guests", schema: "public", columns });
  const same = "mood = 'tired' AND tags = ARRAY['a', NULL] AND seen = '2026-01-01 00:00:00.000001Z' AND card = round(id / 4.0, 2)";
  if (queryOne(`SELECT count(*) AS n FROM guests WHERE ${same}`).n !== 20000n) throw new Error("values");

  refused(rejects, "'rejects' rejects the row with id = 3000");
  refused(rejects, "no phone number");
  refused(hidden, "is exported by the migration");
  refused("digits", "is exported by the migration");
  refused(digits, "key is a list of names", { key: "id" });
  refused(digits, "no option 'batch_rows'", { batch_rows: 5 });
  refused(digits, "mode is one of update, insert, upsert, not replace", { mode: "replace" });
  refused(digits, "batchRows is a whole number, not 0.5", { batchRows: 0.5 });
  refused(digits, "batch-rows is 0", { batchRows: 0 });
  refused(digits, "guests has no column 'fone': it has id, phone", { columns: ["id", "fone"] });
  refused(objects, "row 1 is an object: give back each row as a list, such as [id, phone]");
  refused(nothing, "nothing has to give back rows, as function* with yield [id, phone] or as a list: not undefined");
  refused(later, "it is async");
  refused(short, "row 1 has 1 values for 2 columns");
  refused(undefineds, "column phone of row 1: undefined is no value: write null for NULL");
  refused(floats, "column id of row 1: 0.5 is no bigint");
  refused(statements, "it runs no statements");
}

export function downgrade() {
  execute("DROP TABLE guests");
  execute("DROP DOMAIN card");
  execute("DROP TYPE mood");
}
