import { GridError } from "../../protocol/errors.ts";
import type { ParamSchema } from "../../protocol/guest.ts";
import type { Json } from "../../protocol/job.ts";
import { nearest } from "./suggest.ts";

export type Params = Record<string, Json>;

/**
 * Checks parameters against a version's description and fills in the defaults. Own code because it runs on every
 * invoke and its errors are read by people: the schemas are the small subset that a form can show.
 * @throws GridError unknown-param, bad-param (details.param)
 */
export function fillParams(
  schemas: Readonly<Record<string, ParamSchema>>,
  given: Readonly<Params> | undefined,
): Params {
  const filled: Params = {};
  for (const name in schemas) {
    const schema = schemas[name]!;
    const value = given !== undefined && Object.hasOwn(given, name) ? given[name] : undefined;
    if (value !== undefined) {
      const fault = faultOf(schema, value);
      if (fault !== undefined) throw badParam(name, `must be ${fault}`, value, schema);
      filled[name] = value;
    } else if (schema.default !== undefined) filled[name] = schema.default as Json;
    else throw badParam(name, "has no default and must be given", undefined, schema);
  }
  if (given !== undefined)
    for (const name in given) if (!Object.hasOwn(schemas, name)) throw unknownParam(name, schemas);
  return filled;
}

function unknownParam(name: string, schemas: Readonly<Record<string, ParamSchema>>): GridError {
  const known = Object.keys(schemas);
  const meant = nearest(name, known);
  const hint = meant
    ? `Did you mean "${meant}"?`
    : known.length > 0
      ? `Its parameters are: ${known.join(", ")}.`
      : "It takes no parameters.";
  return new GridError("unknown-param", `The function has no parameter "${name}".`, {
    param: name,
    hint,
  });
}

function badParam(
  name: string,
  what: string,
  value: Json | undefined,
  schema: ParamSchema,
): GridError {
  const shown = value === undefined ? "" : `, not ${brief(value)}`;
  const details = {
    param: name,
    ...(schema.default === undefined
      ? {}
      : { hint: `The default is ${brief(schema.default as Json)}.` }),
  };
  return new GridError("bad-param", `Parameter "${name}" ${what}${shown}.`, details);
}

function brief(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What the value should have been, or undefined when it fits. */
function faultOf(schema: ParamSchema, value: Json): string | undefined {
  const type = typeFault(schema.type, value);
  if (type !== undefined) return type;
  if (schema.enum && !schema.enum.some((one) => JSON.stringify(one) === JSON.stringify(value)))
    return `one of ${schema.enum.map((one) => JSON.stringify(one)).join(", ")}`;
  if (typeof value === "number") return numberFault(schema, value);
  if (typeof value === "string") return stringFault(schema, value);
  if (Array.isArray(value) && schema.items) {
    const { type: itemType } = schema.items;
    const index = value.findIndex((item) => typeFault(itemType, item) !== undefined);
    if (index >= 0) return `an array of ${itemType}s (item ${index} is ${brief(value[index]!)})`;
  }
  return undefined;
}

function typeFault(type: ParamSchema["type"], value: Json): string | undefined {
  switch (type) {
    case "integer":
      return Number.isSafeInteger(value) ? undefined : "a whole number";
    case "number":
      return typeof value === "number" ? undefined : "a number";
    case "array":
      return Array.isArray(value) ? undefined : "an array";
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? undefined
        : "an object";
    default:
      return typeof value === type ? undefined : `a ${type}`;
  }
}

function numberFault({ minimum, maximum }: ParamSchema, value: number): string | undefined {
  if (minimum !== undefined && value < minimum) return `at least ${minimum}`;
  if (maximum !== undefined && value > maximum) return `at most ${maximum}`;
  return undefined;
}

function stringFault({ minLength, maxLength }: ParamSchema, value: string): string | undefined {
  if (minLength !== undefined && value.length < minLength)
    return `at least ${minLength} characters long`;
  if (maxLength !== undefined && value.length > maxLength)
    return `at most ${maxLength} characters long`;
  return undefined;
}
