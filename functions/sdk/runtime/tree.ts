import { depthMax, refused } from "./json.ts";
import {
  arrayFrom,
  defineProperty,
  isArray,
  isFiniteNumber,
  isView,
  keysOf,
  prototypeOf,
  typedName,
} from "./primordials.ts";
import { badOutput } from "./refusal.ts";

/**
 * Values that travel between entries (emitted values, states, partials) come back exactly as they were: JSON cannot say
 * NaN, ±Infinity, -0 or typed arrays, so these become objects with one key that starts with "$":
 *
 *   {"$number":"NaN"|"Infinity"|"-Infinity"|"-0"|"undefined"}
 *   {"$bytes":[kind, offset, length]}     a typed array whose bytes are appended (see pack.ts)
 *   {"$typed":[kind, [elements]]}         a typed array within JSON text
 *   {"$object":{…}}                       an author's own object with one such key
 */
export type TypedArray =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Uint8ClampedArray<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;

export const typedClasses = {
  Float64Array,
  Float32Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
};
export type TypedKind = keyof typeof typedClasses;

/** What becomes of a typed array: its placeholder. */
export type TypedSink = (array: TypedArray, kind: TypedKind) => unknown;

/**
 * Whether JSON.stringify followed by JSON.parse gives the very same value.
 * @throws Refusal bad-output for what cannot be carried at all
 */
export function isPlain(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return isFiniteNumber(value) && (value !== 0 || 1 / value > 0);
    case "undefined":
      return false;
    case "object":
      break;
    default:
      throw refused(value);
  }
  if (value === null) return true;
  if (depth > depthMax) throw badOutput("the value is cyclic, or nested more than 256 deep");
  let plain = true;
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1)) plain = false;
    return plain;
  }
  if (isView(value)) {
    kindOf(value);
    return false;
  }
  if (!isRecord(value)) throw notPlain(value);
  const keys = keysOf(value);
  if (isMarked(keys)) plain = false;
  for (let i = 0; i < keys.length; i++) {
    const property = (value as Record<string, unknown>)[keys[i]!];
    if (property !== undefined && !isPlain(property, depth + 1)) plain = false;
  }
  return plain;
}

/** The value as a tree that JSON carries. Call for values that isPlain has seen. */
export function toTree(value: unknown, sink: TypedSink): unknown {
  if (typeof value === "number") {
    if (isFiniteNumber(value) && (value !== 0 || 1 / value > 0)) return value;
    return { $number: value === 0 ? "-0" : `${value}` };
  }
  if (value === undefined) return { $number: "undefined" };
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) {
    const list: unknown[] = [];
    for (let i = 0; i < value.length; i++) list[i] = toTree(value[i], sink);
    return list;
  }
  if (isView(value)) return sink(value as TypedArray, kindOf(value));
  const tree: Record<string, unknown> = {};
  const keys = keysOf(value);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const property = (value as Record<string, unknown>)[key];
    if (property !== undefined) assign(tree, key, toTree(property, sink));
  }
  return isMarked(keys) ? { $object: tree } : tree;
}

/** The inverse of toTree; `bytes` makes the typed array of a `$bytes` placeholder. */
export function fromTree(
  tree: unknown,
  bytes?: (kind: TypedKind, offset: number, length: number) => TypedArray,
): unknown {
  if (typeof tree !== "object" || tree === null) return tree;
  if (isArray(tree)) {
    for (let i = 0; i < tree.length; i++) tree[i] = fromTree(tree[i], bytes);
    return tree;
  }
  const object = tree as Record<string, unknown>;
  const keys = keysOf(object);
  if (isMarked(keys)) {
    const inside = object[keys[0]!];
    switch (keys[0]) {
      case "$number":
        return inside === "undefined" ? undefined : Number(inside);
      case "$bytes": {
        const place = inside as [TypedKind, number, number];
        return bytes!(place[0], place[1], place[2]);
      }
      case "$typed": {
        const typed = inside as [TypedKind, unknown[]];
        return new (typedClasses[typed[0]] as typeof Float64Array)(fromTree(typed[1]) as number[]);
      }
      case "$object":
        return fromProperties(inside as Record<string, unknown>, bytes);
    }
  }
  return fromProperties(object, bytes);
}

function fromProperties(
  object: Record<string, unknown>,
  bytes: Parameters<typeof fromTree>[1],
): Record<string, unknown> {
  const keys = keysOf(object);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const before = object[key];
    if (typeof before === "object" && before !== null) assign(object, key, fromTree(before, bytes));
  }
  return object;
}

/** A typed array within JSON text, for emitted values. */
export const inlineTyped: TypedSink = (array, kind) => {
  if (kind === "BigInt64Array" || kind === "BigUint64Array") throw refused(0n);
  return { $typed: [kind, toTree(arrayFrom(array as Float64Array), inlineTyped)] };
};

function isMarked(keys: readonly string[]): boolean {
  return keys.length === 1 && keys[0]![0] === "$";
}

function assign(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") {
    object[key] = value;
    return;
  }
  defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A plain object: its prototype is null or an Object.prototype (of any realm). */
function isRecord(value: object): boolean {
  const prototype = prototypeOf(value);
  return prototype === null || prototypeOf(prototype) === null;
}

function kindOf(view: ArrayBufferView): TypedKind {
  const name = typedName(view);
  if (name === undefined || !(name in typedClasses)) {
    throw badOutput(`a ${name ?? "DataView"} cannot be carried`, "use another typed array");
  }
  return name as TypedKind;
}

function notPlain(value: object): unknown {
  const plain = refused(value);
  if (plain.message !== "the value cannot be carried") return plain;
  return badOutput(
    "an instance of a class cannot be carried",
    "emitted values, states and partials are plain objects, arrays and typed arrays",
  );
}
