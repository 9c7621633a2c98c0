import { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import type { Place } from "../catalog/function-list.ts";
import { parseJson } from "./json.ts";

const cursorSchema = z.tuple([z.string()], z.union([z.string(), z.number()]));

/** A place in a sorted list as an opaque text, with the sort that it belongs to. */
export function cursorOf(sort: string, place: Place): string {
  return Buffer.from(JSON.stringify([sort, ...place])).toString("base64url");
}

/** @throws GridError bad-request when the cursor is none, or of a list that was sorted otherwise */
export function placeOf(sort: string, cursor: string): Place {
  let value: unknown;
  try {
    value = parseJson(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    value = undefined;
  }
  const parsed = cursorSchema.safeParse(value);
  if (!parsed.success || parsed.data[0] !== sort)
    throw new GridError("bad-request", "The cursor is not one of this list.", {
      name: "cursor",
      hint: 'Pass on "next" of the page before, with the same sort.',
    });
  return parsed.data.slice(1);
}
