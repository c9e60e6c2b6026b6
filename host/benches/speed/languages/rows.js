import { execute, executeMany, query, queryOne, runInfo } from "host";

const ROWS = `
  SELECT n::bigint AS id, 'guest ' || n AS name, n % 2 = 0 AS vip, timestamptz '2026-01-01' + n * interval '1 minute' AS since,
         n * 0.5::double precision AS spent
    FROM generate_series(1, $1::bigint) AS n`;

export function upgrade() {
  const args = Object.fromEntries(runInfo().args);
  const count = Number(args.rows);
  execute("CREATE TABLE guests (id bigint, name text, vip boolean, since timestamptz, spent double precision)");
  if (args.case === "read") {
    let total = 0n;
    for (const { id, name, vip, since, spent } of query(ROWS, [count])) total += id;
    if (total !== (BigInt(count) * BigInt(count + 1)) / 2n) throw new Error(`${total}`);
  } else {
    const { since } = queryOne("SELECT timestamptz '2026-01-01' AS since");
    const rows = Array.from({ length: count }, (_, n) => [n, `guest ${n}`, n % 2 === 0, since, n * 0.5]);
    if (count > 0) executeMany("INSERT INTO guests VALUES ($1, $2, $3, $4, $5)", rows);
  }
}

export function downgrade() {
  execute("DROP TABLE guests");
}
