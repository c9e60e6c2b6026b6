import { Irreversible, runTransform } from "host";

export function phones(users) {
  return users.map(({ id, phone }) => [id, `+49${phone.replace(/\D/g, "").replace(/^0/, "")}`]);
}

export function upgrade() {
  runTransform(phones, "SELECT id, phone FROM users", { key: ["id"], into: "users", columns: ["id", "phone"], parallelism: 2 });
}

export function downgrade() {
  throw new Irreversible();
}
