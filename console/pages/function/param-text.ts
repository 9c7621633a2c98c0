import type { ParamSchema } from "../../../protocol/guest.ts";
import type { Json } from "../../../protocol/job.ts";

/** What a form holds of a parameter: a text, or for a boolean its value. */
export type TypedParam = string | boolean;

/** Pure. */
export function typedOfParam(schema: ParamSchema, value: Json | undefined): TypedParam {
  if (schema.type === "boolean") return value === true;
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * What was typed, as a request carries it, or what is wrong with it: as the server would say it, before it is asked.
 * Pure.
 */
export function paramOf(
  schema: ParamSchema,
  typed: TypedParam,
): { value: Json } | { fault: string } {
  if (schema.enum) {
    const chosen = schema.enum.find((one) => typedOfParam(schema, one as Json) === typed);
    return chosen === undefined ? { fault: "Choose one of the list." } : { value: chosen as Json };
  }
  if (typeof typed === "boolean") return { value: typed };
  switch (schema.type) {
    case "string":
      return stringOf(schema, typed);
    case "number":
    case "integer":
      return numberOf(schema, typed);
    default:
      return jsonOf(schema, typed);
  }
}

function numberOf({ type, minimum, maximum }: ParamSchema, typed: string) {
  const value = typed.trim() === "" ? Number.NaN : Number(typed);
  if (!Number.isFinite(value)) return { fault: "A number is needed." };
  if (type === "integer" && !Number.isSafeInteger(value))
    return { fault: "A whole number is needed." };
  if (minimum !== undefined && value < minimum) return { fault: `At least ${minimum}.` };
  if (maximum !== undefined && value > maximum) return { fault: `At most ${maximum}.` };
  return { value };
}

function stringOf({ minLength, maxLength }: ParamSchema, value: string) {
  if (minLength !== undefined && value.length < minLength)
    return { fault: `At least ${minLength} characters.` };
  if (maxLength !== undefined && value.length > maxLength)
    return { fault: `At most ${maxLength} characters.` };
  return { value };
}

function jsonOf({ type, items }: ParamSchema, typed: string): { value: Json } | { fault: string } {
  let value: Json;
  try {
    value = JSON.parse(typed) as Json;
  } catch {
    return { fault: type === "array" ? "A JSON array is needed." : "JSON is needed." };
  }
  if (type === "array" && !Array.isArray(value)) return { fault: "A JSON array is needed." };
  if (type === "object" && (typeof value !== "object" || value === null || Array.isArray(value)))
    return { fault: "A JSON object is needed." };
  if (Array.isArray(value) && items) {
    const bad = value.findIndex((one) => !isOf(items.type, one));
    if (bad >= 0) return { fault: `Item ${bad} is no ${items.type}.` };
  }
  return { value };
}

function isOf(type: NonNullable<ParamSchema["items"]>["type"], value: Json): boolean {
  return type === "integer" ? Number.isSafeInteger(value) : typeof value === type;
}
