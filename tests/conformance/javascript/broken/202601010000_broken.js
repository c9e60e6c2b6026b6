// /// migration
// revision = "badc0de"
// message = "broken"
// ///

import { execute } from "host";

export function upgrade() {
  execute("CREATE TABLE tables (number integer)");
  const numbers = [1, 2, 3];
  for (const number of numbers) {
    execute("INSERT INTO tables VALUES ($1)", [number;
  }
}

export function downgrade() {
  execute("DROP TABLE tables");
}
