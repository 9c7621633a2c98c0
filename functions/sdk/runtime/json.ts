import {
  arrayFrom,
  isArray,
  isView,
  keysOf,
  MapClass,
  PromiseClass,
  SetClass,
  silence,
  stringify,
} from "./primordials.ts";
import { badOutput, type Refusal } from "./refusal.ts";

/** Deeper nesting is taken for a cycle. */
export const depthMax = 256;

/**
 * JSON text of a result. As in JSON.stringify, NaN and ±Infinity become null and undefined properties are left out;
 * unlike it, typed arrays become plain number arrays.
 * @throws Refusal bad-output for undefined, functions, symbols, bigints, cycles, promises, Map and Set
 */
export function toJson(value: unknown): string {
  const type = typeof value;
  if (type === "number" || type === "string" || type === "boolean" || value === null) {
    return stringify(value)!;
  }
  if (type !== "object") throw refused(value);
  const text = hasTyped(value as object, 0) ? stringify(value, plainNumbers) : stringify(value);
  if (text === undefined) throw refused(undefined);
  return text;
}

function plainNumbers(_key: string, value: unknown): unknown {
  return isView(value) ? arrayFrom(value as Uint8Array) : value;
}

/** Whether there is a typed array inside. @throws Refusal for what JSON would drop without a word */
function hasTyped(value: object, depth: number): boolean {
  if (depth > depthMax) throw badOutput("the value is cyclic, or nested more than 256 deep");
  if (isView(value)) return true;
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return false;
  let found = false;
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      if (typeof element === "object" && element !== null) {
        if (hasTyped(element, depth + 1)) found = true;
      } else if (typeof element === "bigint") throw refused(element);
    }
    return found;
  }
  if (value instanceof PromiseClass || value instanceof MapClass || value instanceof SetClass) {
    throw refused(value);
  }
  const keys = keysOf(value);
  for (let i = 0; i < keys.length; i++) {
    const property = (value as Record<string, unknown>)[keys[i]!];
    if (typeof property === "object" && property !== null) {
      if (hasTyped(property, depth + 1)) found = true;
    } else if (typeof property === "bigint") throw refused(property);
  }
  return found;
}

/** Says what is wrong with a value that cannot be carried, and what to use instead. */
export function refused(value: unknown): Refusal {
  switch (typeof value) {
    case "undefined":
      return badOutput(
        "undefined cannot be carried",
        "return a value; null says that there is none",
      );
    case "bigint":
      return badOutput("a bigint cannot be carried", "use String(value), or Number(value)");
    case "function":
      return badOutput("a function cannot be carried", "return plain data");
    case "symbol":
      return badOutput("a symbol cannot be carried", "return plain data");
  }
  if (value instanceof PromiseClass) return refusedPromise(value, "the value is");
  if (value instanceof MapClass) {
    return badOutput("a Map cannot be carried", "use Object.fromEntries(map), or [...map]");
  }
  if (value instanceof SetClass) return badOutput("a Set cannot be carried", "use [...set]");
  return badOutput("the value cannot be carried", "use plain objects, arrays and typed arrays");
}

/** @param what the sentence's beginning, for instance "map returned" */
export function refusedPromise(promise: unknown, what: string): Refusal {
  silence(promise);
  return badOutput(`${what} a promise`, "functions are synchronous: remove async");
}
