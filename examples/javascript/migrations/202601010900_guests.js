// /// migration
// revision = "c3a1d2e3f401"
// message = "create guests"
// ///

import { execute, executeMany } from "host";

export function upgrade() {
  execute("CREATE TABLE guests (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, since date)");
  executeMany("INSERT INTO guests (name, since) VALUES ($1, $2)", [
    ["Ada Lovelace", "2026-01-01"],
    ["van der Berg, Anna", null],
    ["Zoë", "2026-02-28"],
  ]);
}

export function downgrade() {
  execute("DROP TABLE guests");
}
