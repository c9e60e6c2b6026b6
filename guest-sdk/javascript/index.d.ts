/**
 * What a database migration in JavaScript or TypeScript imports.
 *
 * ```js
 * import { execute, query } from "host";
 *
 * export function upgrade() {
 *   execute("CREATE TABLE tables (number integer PRIMARY KEY, place text)");
 *   execute("INSERT INTO tables VALUES ($1, $2)", [1, "by the window"]);
 * }
 *
 * export function downgrade() {
 *   execute("DROP TABLE tables");
 * }
 * ```
 *
 * host owns the one connection and the one transaction: what is done here is committed together with the version when the function
 * returns, and rolled back when it throws. Every call is done when it returns, so nothing needs an `await`; a migration may be
 * `async` all the same. There are no files, no network, no timers and no environment; the clock stands still.
 *
 * @module
 */

/** What can be a parameter. A value of {@link Value} that was read can be written again without a loss. */
export type Parameter =
  /** NULL. `undefined` is refused, because it is most often a name that was misspelt. */
  | null
  /** `boolean` */
  | boolean
  /** `integer` where it is whole and small enough, `bigint` where it is whole and safe, otherwise `double precision`. */
  | number
  /** `bigint`; `numeric` beyond 64 bits. */
  | bigint
  /** What the statement needs there, the way a quoted literal does: text, a date, a UUID, a label of an enum. Otherwise write `$1::text`. */
  | string
  /** `bytea` */
  | Uint8Array
  | ArrayBuffer
  /** `timestamptz`, in whole milliseconds. */
  | Date
  | Numeric
  | Json
  | Jsonb
  | PgDate
  | Time
  | TimeTz
  | Timestamp
  | Timestamptz
  | Interval
  | Raw
  | Range<Parameter>
  /** An array; arrays in it are further dimensions. All items are of one type. */
  | readonly Parameter[]
  /** `jsonb`: a plain object. For a list, or anything else, write `jsonb(value)`. */
  | { readonly [key: string]: unknown };

/** What a column can hold. */
export type Value =
  /** NULL */
  | null
  /** `boolean` */
  | boolean
  /** `smallint`, `integer`, `real`, `double precision` */
  | number
  /** `bigint` */
  | bigint
  /** `text` and its like, labels of enums, `uuid` */
  | string
  /** `bytea` */
  | Uint8Array
  | Numeric
  | Json
  | Jsonb
  | PgDate
  | Time
  | TimeTz
  | Timestamp
  | Timestamptz
  | Interval
  | Range<Value>
  /** An array; one whose indexes do not begin at 1 is a {@link PgArray}. */
  | Value[]
  /** Every other type. Cast it to text in the query, as in `address::text`. */
  | Raw;

/**
 * A row: an object with the names of the columns, and besides, in their order, numbers and iteration.
 *
 * ```js
 * const row = queryOne("SELECT id, name FROM guests LIMIT 1");
 * row.name;
 * row[1];
 * const [id, name] = row;
 * ```
 */
export type Row<T extends object = { [column: string]: any }> = T & Iterable<any> & { readonly [place: number]: any };

/** All rows of a result, in the server's order. */
export interface Rows<T extends object = { [column: string]: any }> extends Array<Row<T>> {
  /** The columns, also when there are no rows. */
  readonly columns: readonly Column[];
}

/** One column of a result. */
export interface Column {
  /** The name, as the statement gives it. */
  readonly name: string;
  /** The type, as in `pg_type.oid`. */
  readonly typeOid: number;
  /** The type's name, such as `int4`, `text[]` or `order_status`. */
  readonly typeName: string;
  /** The table that the column comes from, or 0. */
  readonly tableOid: number;
  /** The column's number in that table, or 0. */
  readonly attnum: number;
}

/**
 * Runs one statement and gives the number of rows that it touched. Parameters are `$1`, `$2`, …
 *
 * ```js
 * const gone = execute("DELETE FROM visits WHERE guests < $1", [1]);
 * ```
 */
export function execute(sql: string, params?: readonly Parameter[]): number;

/**
 * Runs many statements, separated by semicolons, without parameters. It stops at the first one that fails.
 *
 * ```js
 * executeScript(`
 *   CREATE TABLE dishes (id integer PRIMARY KEY, name text NOT NULL);
 *   CREATE INDEX dishes_name ON dishes (name);
 * `);
 * ```
 */
export function executeScript(sql: string): void;

/**
 * Runs one statement once for each row of parameters, in one round trip for all of them, and gives the rows touched in all. All rows
 * lie in memory at once: give some thousand at a time.
 *
 * ```js
 * executeMany("INSERT INTO dishes (id, name) VALUES ($1, $2)", [[1, "soup"], [2, "bread"]]);
 * ```
 */
export function executeMany(sql: string, rows: Iterable<readonly Parameter[]>): number;

/**
 * Runs one statement and gives all its rows. For small results: past the host's limit it throws {@link Exceeded}.
 *
 * ```js
 * for (const { id, name } of query("SELECT id, name FROM dishes WHERE id > $1", [10])) {
 *   console.log(`${id}: ${name}`);
 * }
 * ```
 */
export function query<T extends object = { [column: string]: any }>(sql: string, params?: readonly Parameter[]): Rows<T>;

/**
 * Runs one statement that must give exactly one row; otherwise it throws {@link Conversion}.
 *
 * ```js
 * const { count } = queryOne("SELECT count(*) FROM dishes");
 * ```
 */
export function queryOne<T extends object = { [column: string]: any }>(sql: string, params?: readonly Parameter[]): Row<T>;

/**
 * Runs one statement that must give one row or none; none is `null`.
 *
 * ```js
 * const menu = queryOptional("SELECT id FROM menus WHERE day = current_date");
 * if (menu !== null) console.log(menu.id);
 * ```
 */
export function queryOptional<T extends object = { [column: string]: any }>(
  sql: string,
  params?: readonly Parameter[],
): Row<T> | null;

/**
 * Prepares one statement for repeated use. It is closed when nothing refers to it any more.
 *
 * ```js
 * const update = prepare("UPDATE guests SET phone = $1 WHERE id = $2");
 * update.executeMany([["+49 30 1", 1n], ["+49 30 2", 2n]]);
 * ```
 */
export function prepare(sql: string): Statement;

/** A statement that is prepared once and runs many times. The server decides the types of its parameters. */
export class Statement {
  private constructor();
  /** The types of its parameters, as in `pg_type.oid`. */
  readonly params: number[];
  /** The columns of its result; none for a statement without one. */
  readonly columns: Column[];
  /** Runs it and gives the number of rows that it touched. */
  execute(params?: readonly Parameter[]): number;
  /** Runs it once for each row of parameters, as {@link executeMany}. */
  executeMany(rows: Iterable<readonly Parameter[]>): number;
  /** Runs it and gives all its rows. */
  query<T extends object = { [column: string]: any }>(params?: readonly Parameter[]): Rows<T>;
  /** Runs it; it must give exactly one row. */
  queryOne<T extends object = { [column: string]: any }>(params?: readonly Parameter[]): Row<T>;
  /** Runs it; it must give one row or none. */
  queryOptional<T extends object = { [column: string]: any }>(params?: readonly Parameter[]): Row<T> | null;
}

/**
 * Opens a cursor for one query: its rows stay on the server and come some thousand at a time. Other statements may run while it is open,
 * and other cursors. It shows the rows as they were when it was opened.
 *
 * ```js
 * let guests = 0;
 * for (const { id, name } of cursor("SELECT id, name FROM guests WHERE id > $1", [0])) guests++;
 * ```
 */
export function cursor<T extends object = { [column: string]: any }>(sql: string, params?: readonly Parameter[]): Cursor<T>;

/** A cursor, made by {@link cursor}. The end of a `for` over it closes it. */
export class Cursor<T extends object = { [column: string]: any }> implements Iterable<Row<T>> {
  private constructor();
  /** The columns of its rows. */
  readonly columns: Column[];
  [Symbol.iterator](): IterableIterator<Row<T>>;
  /** The next rows, at most so many; none at the end. */
  fetch(rows: number): Rows<T>;
  /** The next rows as they come from the server, at most so many and of so many bytes; none at the end. */
  fetchTuples(rows: number, bytes?: number): Tuples;
  /** Closes it. */
  close(): void;
}

/** Rows in PostgreSQL's binary form: the layout of binary COPY without its header and trailer, big-endian, for a `DataView`. */
export interface Tuples {
  /** The number of rows. */
  rows: number;
  /** The rows. */
  data: Uint8Array;
}

/**
 * Writes rows into columns of a table by COPY, and gives their number. `rows` may be a generator: some thousand are in memory at a time.
 * Values are those that {@link executeMany} takes. host sends some megabytes at a time, so an error of the server may come later than
 * its row; after an error nothing of the rows is left.
 *
 * ```js
 * function* all() {
 *   for (const { id, name } of cursor("SELECT id, name FROM guests")) yield [id, name.toUpperCase()];
 * }
 * execute("CREATE TEMPORARY TABLE shouted (id bigint, name text) ON COMMIT DROP");
 * copyInto("shouted", ["id", "name"], { rows: all() });
 * ```
 */
export function copyInto(table: string, columns: readonly string[], options: { schema?: string; rows: Iterable<readonly Parameter[]> }): number;

/** The same in parts: write to it, and finish it. */
export function copyInto(table: string, columns: readonly string[], options?: { schema?: string }): CopyIn;

/** Writes rows by COPY; made by {@link copyInto}. Closed before it is finished, it leaves none of them. */
export class CopyIn {
  private constructor();
  /** Writes rows. */
  write(rows: Iterable<readonly Parameter[]>): void;
  /** Writes rows in binary form, as {@link Cursor.fetchTuples} gives them. */
  writeTuples(tuples: Tuples): void;
  /** Sends what is left, ends it, and gives the number of rows written in all. */
  finish(): number;
  /** Ends it; what was not finished leaves nothing. */
  close(): void;
}

/** How {@link runTransform} rewrites a big table. */
export interface TransformOptions {
  /** Columns of the source: those of a unique index of the table that they come from, in its order. */
  key: readonly string[];
  /** The table where the result goes. */
  into: string;
  /** The columns of the rows that come back; those of the key are among them. */
  columns: readonly string[];
  /** Whether rows with the same key are updated, which is what happens without it, or rows are inserted, or either. */
  mode?: "update" | "insert" | "upsert";
  /** The schema of the table; without it the search path decides. */
  schema?: string;
  /** Rows in a batch, at most: without it 10,000. */
  batchRows?: number;
  /** Bytes in a batch, at most: without it 8 MiB. */
  batchBytes?: number;
  /** How many batches are worked on at a time: without it 1. */
  parallelism?: number;
  /** Commits each batch by itself. The migration must say `transaction = "none"`. */
  commitPerBatch?: boolean;
}

/**
 * Rewrites a big table, and gives the number of rows written. host reads the rows of `source`, a batch at a time, hands them to the
 * function and writes what it gives back: rows of `columns`, in any number. Those for which nothing comes back stay as they are.
 *
 * ```js
 * import { Irreversible, runTransform } from "host";
 *
 * export function* digits(guests) {
 *   for (const { id, phone } of guests) yield [id, phone?.replaceAll(" ", "") ?? null];
 * }
 *
 * export function upgrade() {
 *   runTransform(digits, "SELECT id, phone FROM guests", { key: ["id"], into: "guests", columns: ["id", "phone"] });
 * }
 *
 * export function downgrade() {
 *   throw new Irreversible();
 * }
 * ```
 *
 * The function is exported by the migration. It runs in an instance of its own for each batch, which keeps nothing for the next one and
 * can run no statements. What it gives back has to fit the types of the columns: a `Numeric`, `bigint` or number for a `numeric`, a
 * {@link PgDate} for a `date`. A type without a class here, an array or a range too, is read as a {@link Raw}, which can be given back as
 * it is; otherwise cast it to text in the source.
 */
export function runTransform<T extends object = { [column: string]: any }>(
  work: (rows: Rows<T>) => Iterable<readonly Parameter[]>,
  source: string,
  options: TransformOptions,
): number;

/**
 * Does a piece of work inside a savepoint: keeps it when it returns, undoes it when it throws, and gives on what it returns or throws.
 * The work of an `async` function is kept or undone when it is done: `await` it.
 *
 * ```js
 * try {
 *   savepoint(() => execute("ALTER TABLE guests ADD UNIQUE (email)"));
 * } catch (error) {
 *   if (error.sqlstate !== "23505") throw error;
 *   console.warn("two guests have one email: left as it is");
 * }
 * ```
 */
export function savepoint<T>(work: () => T): T;

/**
 * An open savepoint, for where {@link savepoint} does not fit. One that is neither released nor rolled back fails the migration.
 *
 * ```js
 * const attempt = Savepoint.begin();
 * if (execute("UPDATE tables SET free = true WHERE number = 1") === 0) attempt.rollback();
 * else attempt.release();
 * ```
 */
export class Savepoint {
  private constructor();
  static begin(): Savepoint;
  /** Keeps what was done since, and ends this savepoint and those inside it. */
  release(): void;
  /** Undoes what was done since, and ends the savepoint. */
  rollback(): void;
}

/** How important a line of the log is. */
export type Level = "trace" | "debug" | "info" | "warn" | "error";

/**
 * Writes a line to host's log. `console.debug`, `.log`, `.info`, `.warn` and `.error` do the same.
 *
 * ```js
 * log("info", "12 rows have no country");
 * ```
 */
export function log(level: Level, message: string): void;

/**
 * Says how far a long piece of work is: `done` of `total`, where that is known.
 *
 * ```js
 * progress("phone numbers", 500, 12_000);
 * progress("batches", 3);
 * ```
 */
export function progress(label: string, done: number | bigint, total?: number | bigint | null): void;

/** The facts of a run. */
export interface RunInfo {
  /** The revision that runs. */
  readonly revision: string;
  /** The server's version as in `server_version_num`, for example 150018. */
  readonly serverVersion: number;
  /** The schemas in which names without a schema are looked up, in order. */
  readonly searchPath: readonly string[];
  /** Whether a script is being written instead of a database changed. */
  readonly dryRun: boolean;
  /** When the run began, by the database's clock. `Date.now()` says the same in milliseconds. */
  readonly now: Timestamptz;
  /** The same in microseconds since 1970-01-01 UTC. */
  readonly nowMicros: bigint;
  /** The seed of `Math.random()`. It follows from the revision. */
  readonly seed: bigint;
  /** What the operator gave with `-x KEY=VALUE`, in that order. */
  readonly args: readonly (readonly [key: string, value: string])[];
  /** What the operator gave for a key; the last one counts. */
  arg(key: string): string | undefined;
}

/**
 * The facts of this run. They stay the same for the whole run.
 *
 * ```js
 * const batch = Number(runInfo().arg("batch") ?? 500);
 * ```
 */
export function runInfo(): RunInfo;

/** What every error of the host is. After an {@link SqlError} the transaction is lost, unless a savepoint before it is rolled back. */
export class HostError extends Error {
  /** Which kind it is, as the contract calls it. */
  readonly kind: "sql" | "bad-params" | "conversion" | "exceeded" | "denied" | "offline" | "misuse";
}

/** The server refused a statement. Fields that the server did not fill are `undefined`. */
export class SqlError extends HostError {
  /** The five characters of the SQLSTATE, for example `23505`. */
  readonly sqlstate: string;
  /** `ERROR`, `FATAL` or `PANIC`. */
  readonly severity: string;
  /** More about the problem. */
  readonly detail?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Where it happened: the call stack of functions and statements. */
  readonly context?: string;
  /** The place in the statement, in characters, from 1. */
  readonly position?: number;
  /** The schema concerned. */
  readonly schema?: string;
  /** The table concerned. */
  readonly table?: string;
  /** The column concerned. */
  readonly column?: string;
  /** The data type concerned. */
  readonly datatype?: string;
  /** The constraint concerned. */
  readonly constraint?: string;
}

/** The parameters do not fit the statement; nothing was sent. */
export class BadParams extends HostError {}

/** A value cannot be converted, or a result is not of the kind that is needed. */
export class Conversion extends HostError {}

/** A limit of the host was exceeded. */
export class Exceeded extends HostError {
  readonly limit: "rows" | "bytes" | "statement-time" | "total-time" | "open-handles";
}

/** The host does not allow this statement; nothing was sent. */
export class Denied extends HostError {}

/** The call needs rows, but there is no database: a script is being written. */
export class Offline extends HostError {}

/** The call makes no sense here, such as the release of a savepoint that is gone. */
export class Misuse extends HostError {}

/**
 * Says that a direction cannot be done.
 *
 * ```js
 * export function downgrade() {
 *   throw new Irreversible("the old phone numbers are gone");
 * }
 * ```
 */
export class Irreversible extends Error {
  constructor(message?: string, options?: ErrorOptions);
}

/**
 * A `numeric` as decimal text, without loss: `1.500` keeps its zeros. It has no operators, because they would round.
 *
 * ```js
 * const price = new Numeric("12.50");
 * price.toString(); // "12.50"
 * price.toNumber(); // 12.5
 * ```
 */
export class Numeric {
  constructor(value: string | number | bigint);
  readonly text: string;
  /** The number, which may be rounded. */
  toNumber(): number;
  /** The number, when it is whole. */
  toBigInt(): bigint;
  equals(other: unknown): boolean;
  toString(): string;
  toJSON(): string;
}

/** A `json` value: its text as it was written, and what it stands for. */
export class Json {
  constructor(text: string);
  readonly text: string;
  /** The parsed value. Numbers beyond what JavaScript holds are rounded; the text has them. */
  readonly value: any;
  toString(): string;
  toJSON(): any;
}

/** A `jsonb` value: its text as the server prints it, and what it stands for. */
export class Jsonb {
  constructor(text: string);
  readonly text: string;
  /** The parsed value. Numbers beyond what JavaScript holds are rounded; the text has them. */
  readonly value: any;
  toString(): string;
  toJSON(): any;
}

/** Makes a `json` parameter of a value. */
export function json(value: unknown): Json;

/**
 * Makes a `jsonb` parameter of a value.
 *
 * ```js
 * execute("UPDATE guests SET tags = $1 WHERE id = $2", [jsonb(["regular", "vegan"]), 7n]);
 * ```
 */
export function jsonb(value: unknown): Jsonb;

/**
 * A `date`. (`Date` is JavaScript's own, and is a point in time.) `<` and `>` compare dates.
 *
 * ```js
 * const opened = PgDate.of(2026, 11, 22);
 * opened.addDays(10).toString(); // "2026-12-02"
 * ```
 */
export class PgDate {
  constructor(days: number);
  static readonly INFINITY: PgDate;
  static readonly NEGATIVE_INFINITY: PgDate;
  /** The year before 1 is 0. */
  static of(year: number, month: number, day: number): PgDate;
  /** Reads what `toString()` writes: `2026-02-28`, `0044-03-15 BC`, `infinity`. */
  static parse(text: string): PgDate;
  /** Days since 2000-01-01. */
  readonly days: number;
  readonly isFinite: boolean;
  /** `NaN` for the infinities, as for `month` and `day`. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** From 1 for Monday to 7 for Sunday. */
  readonly weekday: number;
  addDays(days: number): PgDate;
  equals(other: unknown): boolean;
  toString(): string;
  toJSON(): string;
  [Symbol.toPrimitive](hint: "number"): number;
  [Symbol.toPrimitive](hint: string): string | number;
}

/** A time of day without a zone (`time`). */
export class Time {
  constructor(micros: number);
  static of(hour: number, minute: number, second?: number, microsecond?: number): Time;
  /** Reads `19:30` or `19:30:00.000001`. */
  static parse(text: string): Time;
  /** Microseconds since midnight. */
  readonly micros: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
  equals(other: unknown): boolean;
  toString(): string;
  toJSON(): string;
  [Symbol.toPrimitive](hint: "number"): number;
  [Symbol.toPrimitive](hint: string): string | number;
}

/** A time of day with an offset (`timetz`). */
export class TimeTz {
  constructor(micros: number, offsetSeconds: number);
  static of(hour: number, minute: number, second: number, microsecond: number, offsetSeconds: number): TimeTz;
  /** Reads `12:00+02`. */
  static parse(text: string): TimeTz;
  /** Microseconds since local midnight. */
  readonly micros: number;
  /** Seconds east of Greenwich. */
  readonly offsetSeconds: number;
  readonly time: Time;
  equals(other: unknown): boolean;
  toString(): string;
  toJSON(): string;
  [Symbol.toPrimitive](hint: "number"): number;
  [Symbol.toPrimitive](hint: string): string | number;
}

/** A date and a time of day without a zone (`timestamp`). */
export class Timestamp {
  constructor(micros: bigint | number);
  static readonly INFINITY: Timestamp;
  static readonly NEGATIVE_INFINITY: Timestamp;
  static of(
    year: number,
    month: number,
    day: number,
    hour?: number,
    minute?: number,
    second?: number,
    microsecond?: number,
  ): Timestamp;
  /** Reads `2026-02-28 19:30:00.000001`. */
  static parse(text: string): Timestamp;
  /** Microseconds since 2000-01-01 00:00. */
  readonly micros: bigint;
  readonly isFinite: boolean;
  readonly date: PgDate;
  readonly time: Time;
  equals(other: unknown): boolean;
  toString(): string;
  toJSON(): string;
  [Symbol.toPrimitive](hint: "number"): bigint;
  [Symbol.toPrimitive](hint: string): string | bigint;
}

/**
 * A point in time (`timestamptz`), to the microsecond. A `Date` has milliseconds only.
 *
 * ```js
 * const { now } = runInfo();
 * now > Timestamptz.parse("2026-01-01T00:00:00Z"); // true
 * now.toDate().getUTCFullYear();
 * ```
 */
export class Timestamptz {
  constructor(micros: bigint | number);
  static readonly INFINITY: Timestamptz;
  static readonly NEGATIVE_INFINITY: Timestamptz;
  /** The fields are those of UTC. */
  static of(
    year: number,
    month: number,
    day: number,
    hour?: number,
    minute?: number,
    second?: number,
    microsecond?: number,
  ): Timestamptz;
  /** Reads `2026-02-28T19:30:00.000001+01:00`. */
  static parse(text: string): Timestamptz;
  static fromDate(date: Date): Timestamptz;
  static fromEpochMicros(micros: bigint | number): Timestamptz;
  /** Microseconds since 2000-01-01 00:00 UTC. */
  readonly micros: bigint;
  /** Microseconds since 1970-01-01 00:00 UTC. */
  readonly epochMicros: bigint;
  readonly isFinite: boolean;
  /** Without the microseconds below a millisecond. */
  toDate(): Date;
  equals(other: unknown): boolean;
  toString(): string;
  toJSON(): string;
  [Symbol.toPrimitive](hint: "number"): bigint;
  [Symbol.toPrimitive](hint: string): string | bigint;
}

/**
 * An `interval`: its three parts are independent, because a month has no fixed number of days.
 *
 * ```js
 * Interval.of({ months: 1, days: 2, seconds: 3 }).toString(); // "P1M2DT3S"
 * ```
 */
export class Interval {
  constructor(months: number, days: number, micros: bigint | number);
  static of(parts: {
    years?: number;
    months?: number;
    weeks?: number;
    days?: number;
    hours?: number;
    minutes?: number;
    seconds?: number;
    microseconds?: number;
  }): Interval;
  readonly months: number;
  readonly days: number;
  /** The rest, in microseconds. */
  readonly micros: bigint;
  equals(other: unknown): boolean;
  /** In the form of ISO 8601, which PostgreSQL reads. */
  toString(): string;
  toJSON(): string;
}

/**
 * A range such as `int4range` or `tstzrange`. `null` is an end that is not there.
 *
 * ```js
 * new Range(1, 10); // [1,10)
 * new Range(PgDate.of(2026, 1, 1)); // from that day on
 * new Range(1, 5, "[]");
 * Range.empty();
 * ```
 */
export class Range<T = Value> {
  constructor(lower?: T | null, upper?: T | null, bounds?: "[)" | "[]" | "(]" | "()");
  static empty(): Range<never>;
  readonly lower: T | null;
  readonly upper: T | null;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  readonly isEmpty: boolean;
  /** The type of the ends as in `pg_type.oid`, in a range that was read. */
  readonly element: number;
  toString(): string;
  toJSON(): string;
}

/**
 * An array whose indexes in PostgreSQL do not begin at 1; in JavaScript they begin at 0 as always.
 *
 * ```js
 * PgArray.withBounds([10, 20], [0]); // [0:1]={10,20}
 * ```
 */
export class PgArray<T = Value> extends Array<T> {
  /** @param lowerBounds The first index of each dimension, the outermost first. */
  static withBounds<T>(items: Iterable<T>, lowerBounds: readonly number[]): PgArray<T>;
  readonly lowerBounds: readonly number[];
}

/**
 * A value of a type that has no class here, such as `inet`, `xml` or a composite: as text, or as the server's own bytes.
 *
 * ```js
 * execute("INSERT INTO logins (address) VALUES ($1)", [new Raw("192.0.2.7")]);
 * ```
 */
export class Raw {
  constructor(data: string | Uint8Array, options?: { typeOid?: number; format?: "text" | "binary" });
  /** The type, as in `pg_type.oid`; 0 leaves it to the server. */
  readonly typeOid: number;
  readonly format: "text" | "binary";
  readonly data: string | Uint8Array;
  /** The text; a value in binary form has none. */
  toString(): string;
}
