// /// migration
// revision = "badc0de"
// message = "broken"
// ///

import { execute } from "host";

export function upgrade(): void {
  execute("CREATE TABLE tables (number integer)");
  const numbers: number[] = [1, 2, 3];
  for (const number of numbers) {
    execute("INSERT INTO tables VALUES ($1)", [number;
  }
}

export function downgrade(): void {
  execute("DROP TABLE tables");
}
