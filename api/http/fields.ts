import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import { readJson, readText } from "./body.ts";
import { type ApiContext, headerOf } from "./context.ts";
import { parseWith } from "./validate.ts";

/** A body as JSON or, as OAuth has it, as a form. @throws GridError bad-request, body-too-large */
export async function readFields<T extends z.ZodType>(
  c: ApiContext,
  schema: T,
): Promise<z.output<T>> {
  const type = headerOf(c, "content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return readJson(c, schema);
  const fields = [...new URLSearchParams(await readText(c))];
  const given = Object.fromEntries(fields);
  if (Object.keys(given).length < fields.length)
    throw new GridError("bad-request", "The form names a field more than once.");
  return parseWith(schema, given, "The form");
}
