// What surrounds a run: log, progress, facts.

import { native } from "./native.js";
import { Timestamptz } from "./calendar.js";

const LEVELS = new Set(["trace", "debug", "info", "warn", "error"]);

export function log(level, message) {
  if (!LEVELS.has(level)) throw new RangeError(`a level is one of ${[...LEVELS].join(", ")}, not '${String(level)}'`);
  native.log(level, String(message));
}

function count(name, number) {
  const whole = typeof number === "bigint" ? number : Number.isSafeInteger(number) ? BigInt(number) : -1n;
  if (whole < 0n) throw new RangeError(`${name} is ${String(number)}, but must be a whole number from 0 on`);
  return whole;
}

export function progress(label, done, total = null) {
  native.progress(String(label), count("done", done), total === null ? null : count("total", total));
}

let facts;

export function runInfo() {
  if (facts === undefined) {
    const run = native.runInfo();
    const arg = (key) => run.args.findLast(([name]) => name === key)?.[1];
    const now = Timestamptz.fromEpochMicros(run.nowMicros);
    facts = Object.freeze({ ...run, now, arg });
  }
  return facts;
}
