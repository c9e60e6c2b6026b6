// Big tables that host rewrites batch by batch.

import { native } from "./native.js";
import { Misuse } from "./errors.js";
import { prepare, query } from "./sql.js";

/** What becomes of the rows that a transform gives back. */
const MODES = ["update", "insert", "upsert"];

/** Types of extensions and of users, enums too, have numbers from here on (PostgreSQL, FirstNormalObjectId). */
const FIRST_OWN_TYPE = 16384;

/** The number of `text`, for what is read and written as its text. */
const TEXT = 25;

/** Types that are sent as their text: enums, and those of extensions that are strings, such as citext. */
const TEXTS = `
  SELECT t.oid::pg_catalog.int8::pg_catalog.float8 AS type FROM pg_catalog.pg_type AS t
   WHERE t.oid = ANY ($1::pg_catalog.oid[]) AND (t.typtype = 'e' OR t.typcategory = 'S')`;

/** The columns of a table with the types below all domains. */
const COLUMNS = `
  WITH RECURSIVE types AS (
    SELECT a.attname, t.oid, t.typtype, t.typbasetype, t.typcategory
      FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d.attname, t.oid, t.typtype, t.typbasetype, t.typcategory
      FROM types AS d JOIN pg_catalog.pg_type AS t ON d.typtype = 'd' AND t.oid = d.typbasetype
  )
  SELECT attname::text AS name,
         CASE WHEN typtype = 'e' OR typcategory = 'S' AND oid >= ${FIRST_OWN_TYPE} THEN ${TEXT} ELSE oid::pg_catalog.int8::pg_catalog.float8 END AS kind
    FROM types WHERE typtype <> 'd'`;

/** Rewrites a big table. See index.d.ts. */
export function runTransform(work, source, options) {
  const { key, into, columns, mode = "update", schema, batchRows = 10_000, batchBytes = 8 << 20, parallelism = 1, commitPerBatch = false, ...rest } =
    options ?? {};
  for (const name of Object.keys(rest)) throw new Misuse(`runTransform has no option '${name}'`);
  const name = typeof work === "function" ? native.exportedAs(work) : undefined;
  if (typeof name !== "string") {
    throw new Misuse("the function of a transform is exported by the migration: export function* digits(rows) { … }");
  }
  if (typeof source !== "string") throw new Misuse("the source of a transform is the text of a query");
  if (typeof into !== "string") throw new Misuse("into is the name of a table");
  if (schema !== undefined && typeof schema !== "string") throw new Misuse("schema is the name of a schema");
  if (!MODES.includes(mode)) throw new Misuse(`mode is one of ${MODES.join(", ")}, not ${String(mode)}`);
  if (typeof commitPerBatch !== "boolean") throw new Misuse("commitPerBatch is true or false");
  for (const [option, number] of Object.entries({ batchRows, batchBytes, parallelism })) {
    if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) throw new Misuse(`${option} is a whole number, not ${String(number)}`);
  }
  const plan = { source, key: names("key", key), into, columns: names("columns", columns), mode, schema, batchRows, batchBytes, parallelism, commitPerBatch };
  const facts = { source: sourceColumns(source), columns: targetColumns(schema, into, plan.columns) };
  return native.runTransform(`${name}\n${JSON.stringify(facts)}`, plan);
}

function names(option, list) {
  if (!Array.isArray(list) || !list.every((name) => typeof name === "string")) throw new Misuse(`${option} is a list of names of columns`);
  return [...list];
}

function sourceColumns(source) {
  const columns = prepare(source).columns;
  const own = columns.map(({ typeOid }) => typeOid).filter((oid) => oid >= FIRST_OWN_TYPE);
  const texts = new Set(own.length > 0 ? query(TEXTS, [own]).map(({ type }) => type) : []);
  return columns.map((column) => ({ ...column, kind: texts.has(column.typeOid) ? TEXT : column.typeOid }));
}

function targetColumns(schema, table, columns) {
  const quoted = (name) => `"${name.replaceAll('"', '""')}"`;
  const found = new Map();
  for (const { name, kind } of query(COLUMNS, [schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`])) found.set(name, kind);
  return columns.map((name) => {
    if (!found.has(name)) throw new Misuse(`${table} has no column '${name}': it has ${[...found.keys()].join(", ")}`);
    return { name, kind: found.get(name) };
  });
}

/** What the runtime does with a batch: it lies there, and what the function gives back comes into its place. */
export function apply(migration, pipeline) {
  const end = pipeline.indexOf("\n");
  const name = pipeline.slice(0, end);
  const { source, columns } = JSON.parse(pipeline.slice(end + 1));
  const work = migration[name];
  if (typeof work !== "function") throw new Misuse(`the migration exports no function '${name}'`);
  const made = work(native.batchRows(source));
  if (typeof made?.[Symbol.iterator] !== "function") {
    const what = typeof made?.then === "function" || typeof made?.[Symbol.asyncIterator] === "function" ? "it is async" : `not ${made === null ? "null" : typeof made}`;
    throw new Misuse(`${name} has to give back rows, as function* with yield [id, phone] or as a list: ${what}`);
  }
  native.batchMade(columns, Array.isArray(made) ? made : Array.from(made));
}
