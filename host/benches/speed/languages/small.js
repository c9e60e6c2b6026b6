import { execute } from "host";

export function upgrade() {
  execute("CREATE TABLE thing (id bigint PRIMARY KEY, name text NOT NULL)");
  execute("INSERT INTO thing VALUES ($1, $2)", [1, "one"]);
  execute("INSERT INTO thing VALUES ($1, $2)", [2, "two"]);
}

export function downgrade() {
  execute("DROP TABLE thing");
}
