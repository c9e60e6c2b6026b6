// Dates and times as PostgreSQL has them: microseconds, infinities, years before 1 and beyond what JavaScript's Date can hold.

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_DAY = 86_400_000_000;
const DAY = BigInt(MICROS_PER_DAY);
/** Days from 1970-01-01 to 2000-01-01, PostgreSQL's first day. */
const UNIX_DAYS = 10_957;
const UNIX_MICROS = BigInt(UNIX_DAYS) * DAY;
const DATE_MAX = 2_147_483_647;
const DATE_MIN = -2_147_483_648;
const MOMENT_MAX = 9_223_372_036_854_775_807n;
const MOMENT_MIN = -9_223_372_036_854_775_808n;

const two = (number) => String(number).padStart(2, "0");

function whole(name, number, min, max) {
  if (!Number.isInteger(number) || number < min || number > max) {
    throw new RangeError(`${name} is ${String(number)}, but must be a whole number from ${min} to ${max}`);
  }
  return number;
}

function bigWhole(name, number) {
  if (typeof number === "number" && Number.isSafeInteger(number)) number = BigInt(number);
  if (typeof number !== "bigint" || number < MOMENT_MIN || number > MOMENT_MAX) {
    throw new RangeError(`${name} is ${String(number)}, but must be a whole number of 64 bits, such as 5n`);
  }
  return number;
}

// Years begin in March in both, so that the leap day comes last. See Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms". 730_425 is the number of days from 0000-03-01 to 2000-01-01.
function daysOf(year, month, day) {
  const months = year * 12 + month - 3;
  const marchYear = Math.floor(months / 12);
  const marchMonth = months - marchYear * 12;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((marchMonth * 153 + 2) / 5) + day - 1 - 730_425;
}

function fieldsOf(days) {
  const since = days + 730_425;
  const era = Math.floor(since / 146_097);
  const dayOfEra = since - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((dayOfYear * 5 + 2) / 153);
  const month = ((marchMonth + 2) % 12) + 1;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((marchMonth * 153 + 2) / 5) + 1,
  };
}

/** `2026-02-28`, and whether it is before the year 1. */
function dateText(days) {
  const { year, month, day } = fieldsOf(days);
  const shown = year > 0 ? year : 1 - year;
  return [`${String(shown).padStart(4, "0")}-${two(month)}-${two(day)}`, year <= 0];
}

function clockText(micros) {
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  const rest = micros - seconds * MICROS_PER_SECOND;
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return rest === 0 ? text : `${text}.${String(rest).padStart(6, "0")}`;
}

function offsetText(seconds) {
  const distance = Math.abs(seconds);
  let text = `${seconds < 0 ? "-" : "+"}${two(Math.floor(distance / 3600))}`;
  if (distance % 3600 !== 0) text += `:${two(Math.floor(distance / 60) % 60)}`;
  if (distance % 60 !== 0) text += `:${two(distance % 60)}`;
  return text;
}

function microsOfClock(hour, minute, second, microsecond) {
  whole("hour", hour, 0, 24);
  whole("minute", minute, 0, 59);
  whole("second", second, 0, 59);
  whole("microsecond", microsecond, 0, 999_999);
  const micros = (hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND + microsecond;
  if (micros > MICROS_PER_DAY) throw new RangeError(`${clockText(micros)} is later than 24:00`);
  return micros;
}

function checkedDays(year, month, day) {
  whole("year", year, -4712, 5_874_897);
  whole("month", month, 1, 12);
  whole("day", day, 1, 31);
  const days = daysOf(year, month, day);
  if (fieldsOf(days).day !== day) throw new RangeError(`the month ${year}-${two(month)} has no day ${day}`);
  return days;
}

const DATE = String.raw`(\d{4,7})-(\d{2})-(\d{2})`;
const CLOCK = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?`;
const ZONE = String.raw`(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)`;
const BC = String.raw`( BC)?`;
const DATE_ONLY = new RegExp(`^${DATE}${BC}$`);
const CLOCK_ONLY = new RegExp(`^${CLOCK}$`);
const CLOCK_ZONE = new RegExp(`^${CLOCK}${ZONE}$`);
const LOCAL = new RegExp(`^${DATE}[T ]${CLOCK}${BC}$`);
const ZONED = new RegExp(`^${DATE}[T ]${CLOCK}${ZONE}${BC}$`);

function matched(pattern, text, what) {
  const found = pattern.exec(text);
  if (found === null) throw new RangeError(`'${text}' is not ${what}`);
  return found.slice(1);
}

const daysOfText = ([year, month, day], isBefore) =>
  checkedDays(isBefore ? 1 - Number(year) : Number(year), Number(month), Number(day));
const microsOfText = ([hour, minute, second = "0", fraction = "0"]) =>
  microsOfClock(Number(hour), Number(minute), Number(second), Number(fraction.padEnd(6, "0")));

function offsetOfText(text) {
  if (text === "Z") return 0;
  const [hours, minutes = "0", seconds = "0"] = text.slice(1).match(/\d{2}/g);
  const distance = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return text[0] === "-" ? -distance : distance;
}

/** Numbers for `<` and `>`, text everywhere else, as JavaScript's own Date does. */
function primitive(hint, order, text) {
  return hint === "number" ? order : text();
}

/** A date (`date`). */
export class PgDate {
  constructor(days) {
    this.days = whole("days", days, DATE_MIN, DATE_MAX);
  }

  static of(year, month, day) {
    return new PgDate(checkedDays(year, month, day));
  }

  static parse(text) {
    if (text === "infinity") return PgDate.INFINITY;
    if (text === "-infinity") return PgDate.NEGATIVE_INFINITY;
    const parts = matched(DATE_ONLY, text, "a date such as 2026-02-28");
    return new PgDate(daysOfText(parts, parts[3] !== undefined));
  }

  get isFinite() {
    return this.days !== DATE_MAX && this.days !== DATE_MIN;
  }

  get year() {
    return this.isFinite ? fieldsOf(this.days).year : NaN;
  }

  get month() {
    return this.isFinite ? fieldsOf(this.days).month : NaN;
  }

  get day() {
    return this.isFinite ? fieldsOf(this.days).day : NaN;
  }

  /** From 1 for Monday to 7 for Sunday. */
  get weekday() {
    return this.isFinite ? ((((this.days + 5) % 7) + 7) % 7) + 1 : NaN;
  }

  addDays(days) {
    return this.isFinite ? new PgDate(this.days + whole("days", days, DATE_MIN, DATE_MAX)) : this;
  }

  equals(other) {
    return other instanceof PgDate && other.days === this.days;
  }

  toString() {
    if (!this.isFinite) return this.days > 0 ? "infinity" : "-infinity";
    const [text, isBefore] = dateText(this.days);
    return isBefore ? `${text} BC` : text;
  }

  toJSON() {
    return this.toString();
  }

  [Symbol.toPrimitive](hint) {
    return primitive(hint, this.days, () => this.toString());
  }
}

/** A time of day without a zone (`time`). */
export class Time {
  constructor(micros) {
    this.micros = whole("micros", micros, 0, MICROS_PER_DAY);
  }

  static of(hour, minute, second = 0, microsecond = 0) {
    return new Time(microsOfClock(hour, minute, second, microsecond));
  }

  static parse(text) {
    return new Time(microsOfText(matched(CLOCK_ONLY, text, "a time such as 19:30 or 19:30:00.000001")));
  }

  get hour() {
    return Math.floor(this.micros / (3600 * MICROS_PER_SECOND));
  }

  get minute() {
    return Math.floor(this.micros / (60 * MICROS_PER_SECOND)) % 60;
  }

  get second() {
    return Math.floor(this.micros / MICROS_PER_SECOND) % 60;
  }

  get microsecond() {
    return this.micros % MICROS_PER_SECOND;
  }

  equals(other) {
    return other instanceof Time && other.micros === this.micros;
  }

  toString() {
    return clockText(this.micros);
  }

  toJSON() {
    return this.toString();
  }

  [Symbol.toPrimitive](hint) {
    return primitive(hint, this.micros, () => this.toString());
  }
}

/** A time of day with an offset (`timetz`). */
export class TimeTz {
  constructor(micros, offsetSeconds) {
    this.micros = whole("micros", micros, 0, MICROS_PER_DAY);
    this.offsetSeconds = whole("offsetSeconds", offsetSeconds, -57_599, 57_599);
  }

  static of(hour, minute, second, microsecond, offsetSeconds) {
    return new TimeTz(microsOfClock(hour, minute, second, microsecond), offsetSeconds);
  }

  static parse(text) {
    const parts = matched(CLOCK_ZONE, text, "a time with an offset such as 12:00+02");
    return new TimeTz(microsOfText(parts), offsetOfText(parts[4]));
  }

  get time() {
    return new Time(this.micros);
  }

  equals(other) {
    return other instanceof TimeTz && other.micros === this.micros && other.offsetSeconds === this.offsetSeconds;
  }

  toString() {
    return clockText(this.micros) + offsetText(this.offsetSeconds);
  }

  toJSON() {
    return this.toString();
  }

  [Symbol.toPrimitive](hint) {
    return primitive(hint, this.micros - this.offsetSeconds * MICROS_PER_SECOND, () => this.toString());
  }
}

/** What `timestamp` and `timestamptz` share: microseconds since 2000-01-01 00:00. */
class Moment {
  constructor(micros) {
    this.micros = bigWhole("micros", micros);
  }

  get isFinite() {
    return this.micros !== MOMENT_MAX && this.micros !== MOMENT_MIN;
  }

  /** Whole days and the microseconds of the last one; the days are negative before 2000. */
  split() {
    const rest = BigInt.asUintN(64, ((this.micros % DAY) + DAY) % DAY);
    return [Number((this.micros - rest) / DAY), Number(rest)];
  }

  equals(other) {
    return other?.constructor === this.constructor && other.micros === this.micros;
  }

  toJSON() {
    return this.toString();
  }

  [Symbol.toPrimitive](hint) {
    return primitive(hint, this.micros, () => this.toString());
  }

  text(separator, zone) {
    if (!this.isFinite) return this.micros > 0n ? "infinity" : "-infinity";
    const [days, micros] = this.split();
    const [date, isBefore] = dateText(days);
    return `${date}${separator}${clockText(micros)}${zone}${isBefore ? " BC" : ""}`;
  }
}

const momentOf = (days, micros) => BigInt(days) * DAY + BigInt(micros);

/** A date and a time of day without a zone (`timestamp`). */
export class Timestamp extends Moment {
  static of(year, month, day, hour = 0, minute = 0, second = 0, microsecond = 0) {
    return new Timestamp(momentOf(checkedDays(year, month, day), microsOfClock(hour, minute, second, microsecond)));
  }

  static parse(text) {
    if (text === "infinity") return Timestamp.INFINITY;
    if (text === "-infinity") return Timestamp.NEGATIVE_INFINITY;
    const parts = matched(LOCAL, text, "a timestamp such as 2026-02-28 19:30");
    return new Timestamp(momentOf(daysOfText(parts, parts[7] !== undefined), microsOfText(parts.slice(3))));
  }

  get date() {
    if (!this.isFinite) return this.micros > 0n ? PgDate.INFINITY : PgDate.NEGATIVE_INFINITY;
    return new PgDate(this.split()[0]);
  }

  get time() {
    if (!this.isFinite) throw new RangeError(`${this} has no time of day`);
    return new Time(this.split()[1]);
  }

  toString() {
    return this.text(" ", "");
  }
}

/** A point in time (`timestamptz`). */
export class Timestamptz extends Moment {
  /** The fields are those of UTC. */
  static of(year, month, day, hour = 0, minute = 0, second = 0, microsecond = 0) {
    return new Timestamptz(momentOf(checkedDays(year, month, day), microsOfClock(hour, minute, second, microsecond)));
  }

  static parse(text) {
    if (text === "infinity") return Timestamptz.INFINITY;
    if (text === "-infinity") return Timestamptz.NEGATIVE_INFINITY;
    const parts = matched(ZONED, text, "a point in time with an offset such as 2026-02-28T19:30:00Z");
    const local = momentOf(daysOfText(parts, parts[8] !== undefined), microsOfText(parts.slice(3)));
    return new Timestamptz(local - BigInt(offsetOfText(parts[7])) * BigInt(MICROS_PER_SECOND));
  }

  static fromDate(date) {
    const millis = date.getTime();
    if (Number.isNaN(millis)) throw new RangeError("an invalid Date is no point in time");
    return new Timestamptz(BigInt(millis) * 1000n - UNIX_MICROS);
  }

  static fromEpochMicros(micros) {
    return new Timestamptz(bigWhole("micros", micros) - UNIX_MICROS);
  }

  get epochMicros() {
    return this.micros + UNIX_MICROS;
  }

  toDate() {
    const millis = Number((this.micros + UNIX_MICROS) / 1000n - ((this.micros + UNIX_MICROS) % 1000n < 0n ? 1n : 0n));
    if (!this.isFinite || Math.abs(millis) > 8.64e15) throw new RangeError(`${this} is beyond what a Date can hold`);
    return new Date(millis);
  }

  toString() {
    return this.text(" ", "+00");
  }
}

PgDate.INFINITY = new PgDate(DATE_MAX);
PgDate.NEGATIVE_INFINITY = new PgDate(DATE_MIN);
Timestamp.INFINITY = new Timestamp(MOMENT_MAX);
Timestamp.NEGATIVE_INFINITY = new Timestamp(MOMENT_MIN);
Timestamptz.INFINITY = new Timestamptz(MOMENT_MAX);
Timestamptz.NEGATIVE_INFINITY = new Timestamptz(MOMENT_MIN);
