// Big tables: rows out of cursors and into tables, many at a time.

import { native } from "./native.js";

const NONE = [];
const ROWS_AT_ONCE = 5000;
const BYTES_AT_ONCE = 4 << 20;

/** A query whose rows stay on the server and come some thousand at a time. */
export class Cursor {
  #handle;

  constructor(sql, params) {
    this.#handle = native.cursor(sql, params);
  }

  get columns() {
    return native.cursorColumns(this.#handle);
  }

  *[Symbol.iterator]() {
    try {
      for (let rows = this.fetch(ROWS_AT_ONCE); rows.length > 0; rows = this.fetch(ROWS_AT_ONCE)) yield* rows;
    } finally {
      this.close();
    }
  }

  fetch(rows) {
    return native.cursorFetch(this.#handle, rows);
  }

  fetchTuples(rows, bytes = BYTES_AT_ONCE) {
    return native.cursorFetchTuples(this.#handle, rows, bytes);
  }

  close() {
    native.cursorClose(this.#handle);
  }
}

export const cursor = (sql, params = NONE) => new Cursor(sql, params);

/** Writes rows into a table by COPY. */
export class CopyIn {
  #handle;

  constructor(table, columns, schema) {
    this.#handle = native.copyInto(schema, table, columns);
  }

  write(rows) {
    let batch = [];
    for (const row of rows) {
      batch.push(row);
      if (batch.length === ROWS_AT_ONCE) {
        native.copyInWrite(this.#handle, batch);
        batch = [];
      }
    }
    if (batch.length > 0) native.copyInWrite(this.#handle, batch);
  }

  writeTuples({ rows, data }) {
    native.copyInWriteTuples(this.#handle, rows, data);
  }

  finish() {
    return native.copyInFinish(this.#handle);
  }

  close() {
    native.copyInClose(this.#handle);
  }
}

/** Begins to write rows; or writes them, finishes, and gives their number. */
export function copyInto(table, columns, { schema, rows } = {}) {
  const copy = new CopyIn(table, [...columns], schema);
  if (rows === undefined) return copy;
  try {
    copy.write(rows);
    return copy.finish();
  } finally {
    copy.close();
  }
}
