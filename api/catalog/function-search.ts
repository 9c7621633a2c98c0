import { sql } from "drizzle-orm";
import type { Drizzle } from "../database/open.ts";
import type { FunctionRow, VersionRow } from "./functions.ts";

const wordsMax = 8;

/** Writes what a search finds a function by. */
export function indexForSearch(
  database: Drizzle,
  { id, name, tags }: FunctionRow,
  { description, readme }: VersionRow,
): void {
  forgetForSearch(database, id);
  database.run(sql`INSERT INTO function_search (rowid, name, title, description, tags, readme)
    VALUES (${id}, ${name}, ${description.title}, ${description.description ?? ""}, ${tags.join(" ")}, ${readme ?? ""})`);
}

export function forgetForSearch(database: Drizzle, id: number): void {
  database.run(sql`DELETE FROM function_search WHERE rowid = ${id}`);
}

/**
 * What people type as a query of FTS5: every word must begin a word of the text. Undefined when there is no word in it.
 * Pure.
 */
export function matchOf(text: string): string | undefined {
  const words = text.match(/[\p{L}\p{N}]+/gu)?.slice(0, wordsMax);
  return words?.map((word) => `"${word}"*`).join(" AND ");
}
