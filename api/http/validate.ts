import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import { nearest } from "./suggest.ts";

/**
 * Parses what came from outside. The error names the place in words, and for an unknown field the one that was meant.
 * @throws GridError bad-request
 */
export function parseWith<T extends z.ZodType>(
  schema: T,
  value: unknown,
  what: string,
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  // A misspelt field is the likelier cause of a missing one.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const known = fieldsAt(schema, issue.path);
    const meant = nearest(key, known);
    throw new GridError("bad-request", `${what} has an unknown field "${key}".`, {
      name: key,
      hint: meant ? `Did you mean "${meant}"?` : `Known here: ${known.join(", ")}.`,
    });
  }
  const place = issue.path.map(String).join(".");
  const missing =
    issue.code === "invalid_type" && issue.input === undefined && !has(value, issue.path);
  if (missing && place !== "")
    throw new GridError("bad-request", `${what} lacks "${place}".`, { name: place });
  throw new GridError(
    "bad-request",
    place === "" ? `${what}: ${issue.message}.` : `${what}: "${place}": ${issue.message}.`,
    place === "" ? {} : { name: place },
  );
}

function has(value: unknown, path: readonly PropertyKey[]): boolean {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !(key in at)) return false;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at !== undefined;
}

/** Field names of the object schema at a path, as far as it is made of plain objects. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const key of ["", ...path.map(String)]) {
    if (key !== "") at = shapeOf(at)?.[key];
    while (hasUnwrap(at)) at = at.unwrap();
  }
  return Object.keys(shapeOf(at) ?? {});
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  return typeof schema === "object" && schema !== null && "shape" in schema
    ? (schema.shape as Record<string, unknown>)
    : undefined;
}

function hasUnwrap(schema: unknown): schema is { unwrap(): unknown } {
  return typeof schema === "object" && schema !== null && "unwrap" in schema;
}
