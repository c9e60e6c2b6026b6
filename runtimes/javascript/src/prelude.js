// Runs before a migration: hands to the runtime what it makes and calls itself, and sets up what JavaScript programs expect.

import { native } from "./native.js";
import { CLASSES } from "./values.js";
import { errorOf } from "./errors.js";
import { log } from "./env.js";

Error.stackTraceLimit = 30;

/** Under this symbol a row has its values, when its names do not tell them apart. */
const VALUES = Symbol("values");

const ROW = Object.create(Object.prototype);

/** What the rows of a result have in common: iteration in the order of the columns, and numbers beside names. */
function shape(columns, isPlain) {
  const names = columns.map((column) => column.name);
  const prototype = Object.create(ROW);
  const values = isPlain ? (row) => names.map((name) => row[name]) : (row) => row[VALUES];
  const hidden = (key, property) => Object.defineProperty(prototype, key, { configurable: true, ...property });
  hidden(Symbol.iterator, {
    value() {
      return values(this)[Symbol.iterator]();
    },
  });
  names.forEach((name, place) => {
    const get = isPlain
      ? function () {
          return this[name];
        }
      : function () {
          return this[VALUES][place];
        };
    hidden(place, { get });
  });
  for (const column of columns) Object.freeze(column);
  Object.freeze(columns);
  return prototype;
}

native.register({ classes: CLASSES, errorOf, shape, values: VALUES });

// QuickJS seeds its own generator with the time.
Object.defineProperty(Math, "random", { value: () => native.random(), writable: true, configurable: true });

const TAG = Object.prototype.toString;

/** A value as the consoles of JavaScript show it. */
function inspect(value, depth = 0, seen = []) {
  switch (typeof value) {
    case "string":
      return depth === 0 ? value : JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return String(value);
    case "function":
      return value.name ? `[function ${value.name}]` : "[function]";
    case "object":
      break;
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
  if (value === null) return "null";
  if (seen.includes(value)) return "[circular]";
  if (value instanceof Error) return native.describe(value);
  const name = value.constructor?.name;
  if (Object.hasOwn(CLASSES, name ?? "") && name !== "PgArray") {
    const text = name === "Raw" && value.format === "binary" ? `${value.data.length} bytes` : String(value);
    return depth === 0 ? text : `${name}(${text})`;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (depth > 4) return Array.isArray(value) ? "[…]" : "{…}";
  const inner = [...seen, value];
  const shown = (item) => inspect(item, depth + 1, inner);
  const few = (items, left) => (left > 0 ? [...items, `… ${left} more`] : items);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(value.length > 100 ? value.slice(0, 100) : value, shown);
    return `${Array.isArray(value) ? "" : `${name} `}[${few(items, value.length - items.length).join(", ")}]`;
  }
  if (value instanceof Map) {
    return `Map {${Array.from(value, ([key, item]) => `${shown(key)} => ${shown(item)}`).join(", ")}}`;
  }
  if (value instanceof Set) return `Set {${Array.from(value, shown).join(", ")}}`;
  if (value instanceof Promise) return "[promise]";
  const key = (text) => (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(text) ? text : JSON.stringify(text));
  const items = Object.keys(value).map((text) => `${key(text)}: ${shown(value[text])}`);
  const kind = name && name !== "Object" ? `${name} ` : "";
  return `${kind}{${items.length > 0 ? ` ${items.join(", ")} ` : ""}}`;
}

const DIRECTIVES = {
  s: (value) => (value instanceof Error ? String(value) : inspect(value)),
  d: (value) => (typeof value === "bigint" ? `${value}n` : String(Number(value))),
  i: (value) => (typeof value === "bigint" ? `${value}n` : String(Number.parseInt(value, 10))),
  f: (value) => String(Number.parseFloat(value)),
  j: (value) => JSON.stringify(value),
  o: (value) => inspect(value, 1),
  O: (value) => inspect(value, 1),
};

/** The text of a line: `%s` and its like first, then what is left, with spaces. */
function line(values) {
  let [first, ...rest] = values;
  if (typeof first === "string" && rest.length > 0) {
    first = first.replace(/%([sdifjoO%])/g, (directive, letter) => {
      if (letter === "%") return "%";
      return rest.length > 0 ? DIRECTIVES[letter](rest.shift()) : directive;
    });
  }
  return (values.length === 0 ? [""] : [first, ...rest]).map((value) => inspect(value)).join(" ");
}

const writer =
  (level) =>
  (...values) =>
    log(level, line(values));

globalThis.console = {
  log: writer("info"),
  info: writer("info"),
  debug: writer("debug"),
  warn: writer("warn"),
  error: writer("error"),
  dir: (value) => log("info", inspect(value, 1)),
  trace: (...values) => log("trace", native.describe(new Error(line(values)))),
  assert(condition, ...values) {
    if (!condition) log("error", values.length > 0 ? `assertion failed: ${line(values)}` : "assertion failed");
  },
};

// UTF-8, which is all that PostgreSQL gives and takes here.
globalThis.TextEncoder = class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return native.encodeText(String(text));
  }
};

globalThis.TextDecoder = class TextDecoder {
  #isFatal;

  constructor(label = "utf-8", { fatal = false } = {}) {
    if (!/^(utf-?8|unicode-1-1-utf-8)$/i.test(label.trim())) throw new RangeError(`the encoding '${label}' is not provided`);
    this.#isFatal = Boolean(fatal);
  }

  get encoding() {
    return "utf-8";
  }

  get fatal() {
    return this.#isFatal;
  }

  decode(bytes = new Uint8Array()) {
    const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
    const text = native.decodeText(view, this.#isFatal);
    if (text === null) throw new TypeError("the bytes are not valid UTF-8");
    return text;
  }
};
