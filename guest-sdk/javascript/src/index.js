// What a migration imports as "host". See index.d.ts for the documentation of each name.
export { BadParams, Conversion, Denied, Exceeded, HostError, Irreversible, Misuse, Offline, SqlError } from "./errors.js";
export { PgDate, Time, TimeTz, Timestamp, Timestamptz } from "./calendar.js";
export { Interval, Json, Jsonb, Numeric, PgArray, Range, Raw, json, jsonb } from "./values.js";
export {
  Savepoint,
  Statement,
  execute,
  executeMany,
  executeScript,
  prepare,
  query,
  queryOne,
  queryOptional,
  savepoint,
} from "./sql.js";
export { CopyIn, Cursor, copyInto, cursor } from "./bulk.js";
export { runTransform } from "./transform.js";
export { log, progress, runInfo } from "./env.js";
