import { type InvokeRequest, invokeRequestSchema } from "../../protocol/http-jobs.ts";
import { poolChoiceSchema } from "../../protocol/http-pools.ts";
import { parseJson } from "./json.ts";
import { parseWith } from "./validate.ts";

/**
 * The body of an invoke. The usual body is recognized by hand: the schema's recursive JSON type would walk the whole
 * input a second time. Whatever looks unusual goes through the schema, which accepts it or says what is wrong.
 * @throws GridError bad-request
 */
export function parseInvoke(text: string): InvokeRequest {
  if (text === "") return {};
  const value = parseJson(text);
  return isPlain(value) ? value : parseWith(invokeRequestSchema, value, "The body");
}

function isPlain(value: unknown): value is InvokeRequest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const name in value) {
    if (name === "input") continue;
    if (name === "pool" && poolChoiceSchema.safeParse(value[name as never]).success) continue;
    if (name !== "params") return false;
    const { params } = value as { params: unknown };
    if (typeof params !== "object" || params === null || Array.isArray(params)) return false;
  }
  return true;
}
