import assert from "node:assert/strict";
import { test } from "node:test";

import { PgDate, Time, TimeTz, Timestamp, Timestamptz } from "../src/index.js";

test("dates are those of PostgreSQL", () => {
  // SELECT date 'X' - date '2000-01-01'
  const table = [
    [2000, 1, 1, 0, "2000-01-01"],
    [1999, 12, 31, -1, "1999-12-31"],
    [2000, 2, 29, 59, "2000-02-29"],
    [2100, 3, 1, 36_584, "2100-03-01"],
    [1582, 10, 15, -152_384, "1582-10-15"],
    [1, 1, 1, -730_119, "0001-01-01"],
    [0, 12, 31, -730_120, "0001-12-31 BC"],
    [-4712, 1, 1, -2_451_507, "4713-01-01 BC"],
    [5_874_897, 12, 31, 2_145_031_948, "5874897-12-31"],
  ];
  for (const [year, month, day, days, text] of table) {
    const date = PgDate.of(year, month, day);
    assert.equal(date.days, days, text);
    assert.deepEqual([date.year, date.month, date.day], [year, month, day]);
    assert.equal(date.toString(), text);
    assert.ok(PgDate.parse(text).equals(date), text);
  }
  assert.equal(PgDate.of(2026, 11, 30).weekday, 1);
  assert.equal(PgDate.of(1999, 12, 26).weekday, 7);
  assert.equal(PgDate.of(2026, 2, 28).addDays(1).toString(), "2026-03-01");
});

test("what is no date is refused", () => {
  for (const wrong of [() => PgDate.of(2026, 2, 29), () => PgDate.of(2026, 13, 1), () => PgDate.parse("28.2.2026"), () => new PgDate(0.5)]) {
    assert.throws(wrong, RangeError);
  }
});

test("infinities have no fields and stay what they are", () => {
  assert.equal(PgDate.INFINITY.toString(), "infinity");
  assert.ok(Number.isNaN(PgDate.INFINITY.year));
  assert.equal(PgDate.NEGATIVE_INFINITY.addDays(5), PgDate.NEGATIVE_INFINITY);
  assert.equal(Timestamptz.parse("-infinity"), Timestamptz.NEGATIVE_INFINITY);
  assert.equal(Timestamp.INFINITY.date, PgDate.INFINITY);
  assert.throws(() => Timestamptz.INFINITY.toDate(), RangeError);
});

test("microseconds are kept", () => {
  const moment = Timestamptz.parse("1999-12-31T23:59:59.999999Z");
  assert.equal(moment.micros, -1n);
  assert.equal(moment.toString(), "1999-12-31 23:59:59.999999+00");
  assert.equal(moment.toDate().toISOString(), "1999-12-31T23:59:59.999Z");
  assert.equal(Timestamptz.fromEpochMicros(moment.epochMicros).micros, -1n);
  assert.equal(Timestamptz.fromEpochMicros(-1).toDate().getTime(), -1);
  assert.equal(Timestamptz.fromDate(new Date(0)).toString(), "1970-01-01 00:00:00+00");
  assert.equal(Timestamptz.parse("2026-02-28 19:30+05:30").toString(), "2026-02-28 14:00:00+00");
  const local = Timestamp.of(2026, 2, 28, 23, 59, 59, 999_999);
  assert.equal(local.toString(), "2026-02-28 23:59:59.999999");
  assert.ok(Timestamp.parse(local.toString()).equals(local));
  assert.equal(local.time.toString(), "23:59:59.999999");
});

test("times have all that PostgreSQL's have", () => {
  assert.equal(Time.parse("24:00").micros, 86_400_000_000);
  assert.throws(() => Time.of(24, 0, 1), RangeError);
  const time = Time.of(19, 30, 5, 7);
  assert.deepEqual([time.hour, time.minute, time.second, time.microsecond], [19, 30, 5, 7]);
  assert.equal(TimeTz.parse("12:00-15:59").toString(), "12:00:00-15:59");
  assert.equal(TimeTz.of(12, 0, 0, 0, 7200).toString(), "12:00:00+02");
});

test("they compare, and print themselves in texts", () => {
  assert.ok(PgDate.of(2026, 1, 1) < PgDate.of(2026, 1, 2));
  assert.ok(Timestamptz.of(2026, 1, 1) > Timestamptz.of(2025, 12, 31, 23, 59, 59, 999_999));
  assert.ok(Time.of(9, 0) < Time.of(10, 0));
  assert.equal(`${PgDate.of(2026, 1, 1)}`, "2026-01-01");
  assert.equal("on " + PgDate.of(2026, 1, 1), "on 2026-01-01");
  assert.equal(JSON.stringify({ at: Timestamptz.of(2026, 1, 1) }), '{"at":"2026-01-01 00:00:00+00"}');
});
