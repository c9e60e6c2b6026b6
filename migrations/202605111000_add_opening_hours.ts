// /// migration
// revision = "9ad4f6130b7e"
// revises = ["5b1e7d0c93a4"]
// message = "add opening hours"
// created = "2026-05-11T10:00:00Z"
// ///

// Opening hours, as the restaurants wrote them on their doors: `Tue-Sat 12-14:30, 18-23; Sun 12-16`.

import { execute, executeMany, query } from "host";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
type Day = (typeof DAYS)[number];

interface Opening {
  day: Day;
  from: string;
  to: string;
}

const BY_COUNTRY: Record<string, string> = {
  DE: "Tue-Sun 17-23",
  FR: "Tue-Sat 12-14:30, 19-22:30",
  GB: "Mon-Thu 12-22; Fri-Sat 12-23; Sun 12-20",
  US: "Mon-Sun 11:30-23",
  IT: "Wed-Mon 12:30-15, 19:30-23",
  ES: "Tue-Sun 13-16, 20:30-23:30",
  NL: "Wed-Sun 17:30-22",
  JP: "Thu-Tue 17-23:30",
};

function isDay(text: string): text is Day {
  return (DAYS as readonly string[]).includes(text);
}

/** The days from one to another, over the end of the week where need be: `Wed-Mon`. */
export function days(text: string): Day[] {
  const [first, last = first] = text.split("-");
  if (first === undefined || last === undefined || !isDay(first) || !isDay(last)) {
    throw new RangeError(`'${text}' names no days`);
  }
  const [begin, end] = [DAYS.indexOf(first), DAYS.indexOf(last)];
  const count = ((end - begin + 7) % 7) + 1;
  return Array.from({ length: count }, (_, index) => DAYS[(begin + index) % 7] as Day);
}

/** Reads what stands on a door. */
export function openings(text: string): Opening[] {
  return text.split(/\s*;\s*/).flatMap((part) => {
    const [which = "", ...times] = part.split(/\s+/);
    const ranges = times.join("").split(",");
    return days(which).flatMap((day) =>
      ranges.map((range): Opening => {
        const [from, to] = range.split("-");
        if (!from || !to) throw new RangeError(`'${range}' is no time of opening`);
        return { day, from: clock(from), to: clock(to) };
      }),
    );
  });
}

/** `9` → `09:00` */
function clock(text: string): string {
  const [hour = "", minute = "00"] = text.split(":");
  return `${hour.padStart(2, "0")}:${minute}`;
}

export function upgrade(): void {
  execute(`
    CREATE TABLE opening_hours (
      restaurant_id integer NOT NULL REFERENCES restaurants (id) ON DELETE CASCADE,
      day           smallint NOT NULL CHECK (day BETWEEN 1 AND 7),
      opens         time NOT NULL,
      closes        time NOT NULL CHECK (closes > opens),
      PRIMARY KEY (restaurant_id, day, opens)
    )`);
  const restaurants = query<{ id: number; country: string }>("SELECT id, country FROM restaurants ORDER BY id");
  const rows = restaurants.flatMap(({ id, country }) =>
    openings(BY_COUNTRY[country] ?? "Mon-Sun 12-22").map(({ day, from, to }) => [id, DAYS.indexOf(day) + 1, from, to]),
  );
  const count = executeMany("INSERT INTO opening_hours VALUES ($1, $2, $3, $4)", rows);
  console.log(`${count} opening times of ${restaurants.length} restaurants`);
}

export function downgrade(): void {
  execute("DROP TABLE opening_hours");
}
