// /// migration
// revision = "8b3f60d2c7e1"
// revises = ["5c0e7d1a94b2"]
// message = "read what guests wish from the notes of reservations"
// created = "2026-04-27T10:00:00Z"
// ///

import { execute, jsonb, prepare, progress, query } from "host";

interface Reservation {
  id: bigint;
  note: string;
}

/** What a note says, as far as it can be told. The note itself stays. */
export interface Wishes {
  allergies?: string[];
  seat?: "window" | "terrace" | "quiet";
  occasion?: "birthday" | "anniversary";
  prams?: number;
}

const SEATS: [words: RegExp, seat: NonNullable<Wishes["seat"]>][] = [
  [/\bwindow\b/i, "window"],
  [/\b(terrace|outside|garden)\b/i, "terrace"],
  [/\bquiet\b/i, "quiet"],
];

const COUNTS: Record<string, number> = { a: 1, one: 1, two: 2, three: 3 };

/** Reads a note, or nothing when it says nothing that is known. */
export function read(note: string): Wishes | null {
  const wishes: Wishes = {};
  const allergies = /\ballerg(?:y|ic) to ([^.;]+)/i.exec(note)?.[1];
  if (allergies !== undefined) {
    wishes.allergies = allergies
      .split(/,|\band\b/)
      .map((word) => word.trim().toLowerCase())
      .filter((word) => word !== "");
  }
  const seat = SEATS.find(([words]) => words.test(note))?.[1];
  if (seat !== undefined) wishes.seat = seat;
  const occasion = /\b(birthday|anniversary)\b/i.exec(note)?.[1]?.toLowerCase();
  if (occasion === "birthday" || occasion === "anniversary") wishes.occasion = occasion;
  const prams = /\b(\d+|a|one|two|three)\s+prams?\b/i.exec(note)?.[1]?.toLowerCase();
  if (prams !== undefined) wishes.prams = COUNTS[prams] ?? Number(prams);
  return Object.keys(wishes).length > 0 ? wishes : null;
}

export function upgrade(): void {
  execute("ALTER TABLE reservations ADD COLUMN wishes jsonb");
  const update = prepare("UPDATE reservations SET wishes = $1 WHERE id = $2");
  const noted = query<Reservation>("SELECT id, note FROM reservations WHERE note IS NOT NULL ORDER BY id");
  const rows = noted.flatMap(({ id, note }) => {
    const wishes = read(note);
    return wishes === null ? [] : [[jsonb(wishes), id]];
  });
  update.executeMany(rows);
  progress("notes", noted.length, noted.length);
}

export function downgrade(): void {
  execute("ALTER TABLE reservations DROP COLUMN wishes");
}
