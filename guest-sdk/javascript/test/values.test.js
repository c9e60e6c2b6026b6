import assert from "node:assert/strict";
import { test } from "node:test";

import { Interval, Json, Jsonb, Numeric, PgArray, PgDate, Range, Raw, json, jsonb } from "../src/index.js";

test("a numeric keeps its text and does not compute", () => {
  const price = new Numeric("1.500");
  assert.equal(String(price), "1.500");
  assert.equal(price.toNumber(), 1.5);
  assert.equal(`${price}`, "1.500");
  assert.throws(() => price * 2, /no operators/);
  assert.throws(() => price + 1, /no operators/);
  assert.equal(new Numeric("12345678901234567890.000").toBigInt(), 12345678901234567890n);
  assert.equal(new Numeric(7n).toBigInt(), 7n);
  assert.throws(() => price.toBigInt(), RangeError);
  assert.throws(() => new Numeric("one"), RangeError);
  assert.throws(() => new Numeric(undefined), RangeError);
  assert.equal(new Numeric("NaN").text, "NaN");
});

test("a document has its text and its value", () => {
  const settings = jsonb({ theme: "dark", sizes: [1, null] });
  assert.equal(settings.text, '{"theme":"dark","sizes":[1,null]}');
  assert.equal(settings.value.theme, "dark");
  assert.equal(settings.value, settings.value, "it is parsed once");
  assert.ok(json([]) instanceof Json && settings instanceof Jsonb);
  assert.equal(new Json('{"a":  1.50}').toString(), '{"a":  1.50}');
  assert.equal(JSON.stringify({ settings }), '{"settings":{"theme":"dark","sizes":[1,null]}}');
  assert.throws(() => jsonb(undefined), TypeError);
});

test("an interval has the form of ISO 8601", () => {
  const table = [
    [{}, "PT0S"],
    [{ years: 1, months: 1, weeks: 1, days: 2 }, "P1Y1M9D"],
    [{ months: -13 }, "P-1Y-1M"],
    [{ seconds: 3, microseconds: 4 }, "PT3.000004S"],
    [{ hours: -1, microseconds: -500_000 }, "PT-3600.5S"],
  ];
  for (const [parts, text] of table) assert.equal(Interval.of(parts).toString(), text);
  assert.throws(() => Interval.of({ days: 0.5 }), RangeError);
  assert.ok(Interval.of({ days: 1 }).equals(new Interval(0, 1, 0)));
});

test("a range says which of its ends belong to it", () => {
  assert.equal(new Range(1, 10).toString(), "[1,10)");
  assert.equal(new Range(1, 5, "[]").toString(), "[1,5]");
  assert.equal(new Range(PgDate.of(2026, 1, 1)).toString(), "[2026-01-01,)");
  assert.equal(new Range(null, 5, "[]").lowerInclusive, false);
  assert.equal(Range.empty().toString(), "empty");
  assert.throws(() => new Range(1, 2, "<>"), RangeError);
});

test("an array remembers where its indexes begin, and is an array", () => {
  const array = PgArray.withBounds([10, 20], [0]);
  assert.ok(Array.isArray(array));
  assert.deepEqual(array.lowerBounds, [0]);
  assert.equal(array[1], 20);
  assert.equal(array.map((item) => item).lowerBounds, undefined);
  assert.deepEqual(Object.keys(array), ["0", "1"]);
});

test("a raw value in binary form has no text", () => {
  assert.equal(new Raw("192.0.2.7").toString(), "192.0.2.7");
  assert.equal(new Raw(Uint8Array.of(97)).toString(), "a");
  assert.throws(() => new Raw(Uint8Array.of(1), { typeOid: 869, format: "binary" }).toString(), /cast it to text/);
});
