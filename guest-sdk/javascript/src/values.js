// The values of PostgreSQL that JavaScript has nothing for.

import { PgDate, Time, TimeTz, Timestamp, Timestamptz } from "./calendar.js";

const NUMERIC = /^\s*(?:[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]?Infinity)\s*$/;

/** A `numeric` as decimal text, without loss. */
export class Numeric {
  constructor(value) {
    const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
    if (typeof text !== "string" || !NUMERIC.test(text)) throw new RangeError(`'${String(value)}' is not a number`);
    this.text = text;
  }

  /** May round. */
  toNumber() {
    return Number(this.text);
  }

  toBigInt() {
    const [, whole, zeros] = /^([+-]?\d+)(?:\.(0*))?$/.exec(this.text) ?? [];
    if (whole === undefined || zeros === undefined && this.text.includes(".")) {
      throw new RangeError(`${this.text} is not a whole number`);
    }
    return BigInt(whole);
  }

  equals(other) {
    return other instanceof Numeric && other.text === this.text;
  }

  toString() {
    return this.text;
  }

  toJSON() {
    return this.text;
  }

  [Symbol.toPrimitive](hint) {
    if (hint === "string") return this.text;
    throw new TypeError("a Numeric has no operators, because they would round: use toNumber(), toString(), or compute in SQL");
  }
}

/** What `json` and `jsonb` share: the text, and the value that it stands for. */
class Document {
  constructor(text) {
    if (typeof text !== "string") throw new TypeError("a document is made of its text: use json(value) or jsonb(value)");
    this.text = text;
  }

  get value() {
    const value = JSON.parse(this.text);
    Object.defineProperty(this, "value", { value, configurable: true });
    return value;
  }

  toString() {
    return this.text;
  }

  toJSON() {
    return this.value;
  }
}

/** A `json` value. */
export class Json extends Document {}

/** A `jsonb` value. */
export class Jsonb extends Document {}

function print(value) {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a ${typeof value} cannot be written as JSON`);
  return text;
}

export const json = (value) => new Json(print(value));
export const jsonb = (value) => new Jsonb(print(value));

/** An `interval`: its three parts are independent. */
export class Interval {
  constructor(months, days, micros) {
    this.months = months;
    this.days = days;
    this.micros = BigInt(micros);
  }

  static of({ years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0, microseconds = 0 } = {}) {
    const parts = { years, months, weeks, days, hours, minutes, seconds, microseconds };
    for (const [name, number] of Object.entries(parts)) {
      if (!Number.isInteger(number)) throw new RangeError(`${name} is ${number}, but must be a whole number`);
    }
    const micros = BigInt(hours * 3600 + minutes * 60 + seconds) * 1_000_000n + BigInt(microseconds);
    return new Interval(years * 12 + months, weeks * 7 + days, micros);
  }

  equals(other) {
    return (
      other instanceof Interval && other.months === this.months && other.days === this.days && other.micros === this.micros
    );
  }

  /** In the form of ISO 8601, which PostgreSQL reads. */
  toString() {
    const years = Math.trunc(this.months / 12);
    const months = this.months % 12;
    const seconds = this.micros / 1_000_000n;
    const rest = this.micros % 1_000_000n;
    let text = "P";
    if (years !== 0) text += `${years}Y`;
    if (months !== 0) text += `${months}M`;
    if (this.days !== 0) text += `${this.days}D`;
    if (this.micros !== 0n) {
      const sign = this.micros < 0n ? "-" : "";
      const distance = (number) => (number < 0n ? -number : number);
      const fraction = rest === 0n ? "" : `.${String(distance(rest)).padStart(6, "0").replace(/0+$/, "")}`;
      text += `T${sign}${distance(seconds)}${fraction}S`;
    }
    return text === "P" ? "PT0S" : text;
  }

  toJSON() {
    return this.toString();
  }
}

/** A range such as `int4range` or `tstzrange`. */
export class Range {
  constructor(lower = null, upper = null, bounds = "[)") {
    if (!/^[[(][\])]$/.test(bounds)) throw new RangeError(`bounds are one of [) [] (] (), not '${bounds}'`);
    this.lower = lower;
    this.upper = upper;
    this.lowerInclusive = lower !== null && bounds[0] === "[";
    this.upperInclusive = upper !== null && bounds[1] === "]";
    this.isEmpty = false;
    this.element = 0;
  }

  static empty() {
    const range = new Range();
    range.isEmpty = true;
    return range;
  }

  toString() {
    if (this.isEmpty) return "empty";
    const end = (value) => (value === null ? "" : `${value}`);
    const [left, right] = [this.lowerInclusive ? "[" : "(", this.upperInclusive ? "]" : ")"];
    return `${left}${end(this.lower)},${end(this.upper)}${right}`;
  }

  toJSON() {
    return this.toString();
  }
}

/** An array whose indexes in PostgreSQL do not begin at 1. */
export class PgArray extends Array {
  static withBounds(items, lowerBounds) {
    if (!lowerBounds.every(Number.isInteger)) throw new RangeError("lowerBounds are whole numbers");
    const array = new PgArray();
    for (const item of items) array.push(item);
    Object.defineProperty(array, "lowerBounds", { value: [...lowerBounds], writable: true, configurable: true });
    return array;
  }

  // What map() and filter() make has other indexes.
  static get [Symbol.species]() {
    return Array;
  }
}

/** A value of any other type, as the server's bytes or text. */
export class Raw {
  constructor(data, { typeOid = 0, format = "text" } = {}) {
    if (format !== "text" && format !== "binary") throw new RangeError(`a format is text or binary, not '${format}'`);
    this.typeOid = typeOid;
    this.format = format;
    this.data = data;
  }

  toString() {
    if (typeof this.data === "string") return this.data;
    if (this.format === "text") return new TextDecoder().decode(this.data);
    throw new TypeError(`a value of the type ${this.typeOid} came in binary form: cast it to text in the query, as in column::text`);
  }
}

/** The classes that the runtime reads and makes itself. */
export const CLASSES = { PgDate, Time, TimeTz, Timestamp, Timestamptz, Numeric, Json, Jsonb, Interval, Range, PgArray, Raw };
