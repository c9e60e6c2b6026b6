import { execute } from "host";

export function upgrade() {
  execute("CREATE TABLE IF NOT EXISTS thing (id bigint, name text)");
  execute("INSERT INTO thing VALUES ($1, $2)", [{number}, "thing {number}"]);
}

export function downgrade() {
  execute("DELETE FROM thing WHERE id = {number}");
}
