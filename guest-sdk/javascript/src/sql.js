// One statement at a time, on the one connection and in the one transaction that the host owns.

import { native } from "./native.js";
import { Conversion } from "./errors.js";

const NONE = [];

export const execute = (sql, params = NONE) => native.execute(sql, params);
export const executeScript = (sql) => native.executeScript(sql);
export const executeMany = (sql, rows) => native.executeMany(sql, list(rows));
export const query = (sql, params = NONE) => native.query(sql, params);
export const queryOne = (sql, params = NONE) => one(native.query(sql, params), sql);
export const queryOptional = (sql, params = NONE) => optional(native.query(sql, params), sql);

const list = (rows) => (Array.isArray(rows) ? rows : Array.from(rows));

function wrongCount(wanted, found, sql) {
  const text = sql.replace(/\s+/g, " ").trim();
  const shown = text.length > 80 ? `${text.slice(0, 80)} …` : text;
  return new Conversion(`the query must give ${wanted}, but gives ${found}: ${shown}`);
}

function one(rows, sql) {
  if (rows.length !== 1) throw wrongCount("one row", rows.length, sql);
  return rows[0];
}

function optional(rows, sql) {
  if (rows.length > 1) throw wrongCount("at most one row", rows.length, sql);
  return rows.length === 0 ? null : rows[0];
}

/** A statement that is prepared once and runs many times. */
export class Statement {
  #handle;
  #sql;

  constructor(sql) {
    this.#handle = native.prepare(sql);
    this.#sql = sql;
  }

  /** The types of its parameters, as in `pg_type.oid`. */
  get params() {
    return native.statementParams(this.#handle);
  }

  get columns() {
    return native.statementColumns(this.#handle);
  }

  execute(params = NONE) {
    return native.statementExecute(this.#handle, params);
  }

  executeMany(rows) {
    return native.statementExecuteMany(this.#handle, list(rows));
  }

  query(params = NONE) {
    return native.statementQuery(this.#handle, params);
  }

  queryOne(params = NONE) {
    return one(this.query(params), this.#sql);
  }

  queryOptional(params = NONE) {
    return optional(this.query(params), this.#sql);
  }
}

export const prepare = (sql) => new Statement(sql);

/** An open savepoint. */
export class Savepoint {
  #handle;

  constructor() {
    this.#handle = native.beginSavepoint();
  }

  static begin() {
    return new Savepoint();
  }

  release() {
    native.savepointRelease(this.#handle);
  }

  rollback() {
    native.savepointRollback(this.#handle);
  }
}

/** Does a piece of work inside a savepoint: keeps it when it returns, undoes it when it throws. */
export function savepoint(work) {
  const point = new Savepoint();
  const undo = (error) => {
    try {
      point.rollback();
    } catch {
      // The first error is the one to tell; host fails the migration if the transaction stays lost.
    }
    throw error;
  };
  let result;
  try {
    result = work();
  } catch (error) {
    undo(error);
  }
  if (result instanceof Promise) {
    return result.then((value) => {
      point.release();
      return value;
    }, undo);
  }
  point.release();
  return result;
}
