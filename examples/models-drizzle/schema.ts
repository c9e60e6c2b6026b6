// The tables of a small forum.
import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgEnum, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";

export const role = pgEnum("role", ["reader", "writer", "moderator"]);

export const users = pgTable(
  "users",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    name: text().notNull().unique(),
    email: text().notNull(),
    role: role().notNull().default("reader"),
    joined: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [uniqueIndex("users_email").on(sql`lower(${table.email})`)],
);

export const posts = pgTable(
  "posts",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    author: bigint({ mode: "bigint" })
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    title: text().notNull(),
    tags: text().array().notNull().default(sql`'{}'`),
    votes: integer().notNull().default(0),
    facts: jsonb(),
  },
  (table) => [index("posts_author").on(table.author), check("posts_votes", sql`${table.votes} >= 0`)],
);
