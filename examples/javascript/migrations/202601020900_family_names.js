// /// migration
// revision = "c3a1d2e3f402"
// revises = ["c3a1d2e3f401"]
// message = "split names"
// ///

import { execute, prepare, query } from "host";

/** First name and family name of a name as people write it. */
export function split(name) {
  const [family, given] = name.split(/\s*,\s*/);
  if (given !== undefined) return { given, family };
  const words = name.trim().split(/\s+/);
  const last = words.length > 1 ? words.pop() : null;
  return { given: words.join(" "), family: last };
}

export function upgrade() {
  execute("ALTER TABLE guests ADD COLUMN given text, ADD COLUMN family text");
  const guests = query("SELECT id, name FROM guests ORDER BY id");
  const update = prepare("UPDATE guests SET given = $1, family = $2 WHERE id = $3");
  update.executeMany(
    guests.map(({ id, name }) => {
      const { given, family } = split(name);
      return [given, family, id];
    }),
  );
  console.log(`${guests.length} names split`);
}

export function downgrade() {
  execute("ALTER TABLE guests DROP COLUMN given, DROP COLUMN family");
}
