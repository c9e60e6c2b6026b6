// /// migration
// revision = "d4a1d2e3f402"
// revises = ["d4a1d2e3f401"]
// message = "split names"
// ///

import { execute, prepare, query } from "host";

interface Guest {
  id: bigint;
  name: string;
}

interface Name {
  given: string;
  family: string | null;
}

/** First name and family name of a name as people write it. */
export function split(name: string): Name {
  const [family = "", given] = name.split(/\s*,\s*/);
  if (given !== undefined) return { given, family };
  const words = name.trim().split(/\s+/);
  const last = words.length > 1 ? (words.pop() ?? null) : null;
  return { given: words.join(" "), family: last };
}

export function upgrade(): void {
  execute("ALTER TABLE guests ADD COLUMN given text, ADD COLUMN family text");
  const guests = query<Guest>("SELECT id, name FROM guests ORDER BY id");
  const update = prepare("UPDATE guests SET given = $1, family = $2 WHERE id = $3");
  update.executeMany(
    guests.map(({ id, name }) => {
      const { given, family } = split(name);
      return [given, family, id];
    }),
  );
  console.log(`${guests.length} names split`);
}

export function downgrade(): void {
  execute("ALTER TABLE guests DROP COLUMN given, DROP COLUMN family");
}
