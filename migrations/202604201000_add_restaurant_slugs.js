// /// migration
// revision = "5c0e7d1a94b2"
// revises = ["286662dbc27f"]
// message = "add names of restaurants for web addresses"
// created = "2026-04-20T10:00:00Z"
// ///

import { execute, prepare, query } from "host";

/**
 * A name as it stands in a web address: lowercase letters of ASCII, digits and single hyphens. Letters lose their marks
 * (`Élodie` → `elodie`); what has no letter of the Latin alphabet is left out.
 */
export function slug(name) {
  return name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** Slugs that differ, for names that may be equal or empty. */
export function distinct(restaurants) {
  const taken = new Set();
  return restaurants.map(({ id, name, city }) => {
    const candidates = [slug(name), slug(`${name} ${city}`), `restaurant-${id}`];
    const free = candidates.find((candidate) => candidate !== "" && !taken.has(candidate));
    taken.add(free);
    return [free, id];
  });
}

export function upgrade() {
  execute("ALTER TABLE restaurants ADD COLUMN slug text");
  const slugs = distinct(query("SELECT id, name, city FROM restaurants ORDER BY id"));
  const changed = prepare("UPDATE restaurants SET slug = $1 WHERE id = $2").executeMany(slugs);
  execute("ALTER TABLE restaurants ALTER COLUMN slug SET NOT NULL, ADD UNIQUE (slug)");
  console.log(`${changed} restaurants have a slug`);
}

export function downgrade() {
  execute("ALTER TABLE restaurants DROP COLUMN slug");
}
