/**
 * The built-ins that frame replies and count fuel, captured before any author code runs, and before the prelude wraps
 * some of them to charge fuel (the runtime may use none of the wrapped ones: whether a shard was resident must not show
 * in the fuel). What is captured here cannot be patched; everything that the host reads is made from
 * these, from string concatenation, and from writes to own indexed elements.
 */
const uncurry = Function.prototype.bind.bind(Function.prototype.call) as <
  Self,
  A extends unknown[],
  R,
>(
  method: (this: Self, ...args: A) => R,
) => (self: Self, ...args: A) => R;

const typedPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
const tagGetter = Object.getOwnPropertyDescriptor(typedPrototype, Symbol.toStringTag)!.get as (
  this: unknown,
) => string | undefined;

export const stringify = JSON.stringify as (
  value: unknown,
  replacer?: (key: string, value: unknown) => unknown,
) => string | undefined;
export const parse = JSON.parse as (text: string) => unknown;
/** A string as a JSON literal; toJSON is never looked up on a primitive string. */
export const quote = JSON.stringify as (text: string) => string;

export const isArray = Array.isArray;
export const arrayFrom = Array.from as <T>(source: ArrayLike<T>) => T[];
export const isView = ArrayBuffer.isView;
export const keysOf = Object.keys as (value: object) => string[];
export const prototypeOf = Object.getPrototypeOf as (value: object) => object | null;
export const freeze = Object.freeze;
export const defineProperty = Object.defineProperty;
export const isFiniteNumber = Number.isFinite as (value: unknown) => boolean;
export const isInteger = Number.isSafeInteger as (value: unknown) => value is number;
export const imul = Math.imul;

/** "Float64Array" and so on; undefined for anything else. Not fooled by own properties or prototypes. */
export const typedName = uncurry(tagGetter) as (value: unknown) => string | undefined;
export interface ViewShape {
  buffer: ArrayBuffer;
  byteOffset: number;
  byteLength: number;
  length: number;
}
const viewGetter = <Name extends keyof ViewShape>(name: Name) =>
  uncurry(Object.getOwnPropertyDescriptor(typedPrototype, name)!.get as () => ViewShape[Name]) as (
    view: unknown,
  ) => ViewShape[Name];
const bufferOf = viewGetter("buffer");
const byteOffsetOf = viewGetter("byteOffset");
const byteLengthOf = viewGetter("byteLength");
const lengthOf = viewGetter("length");
/** Where a typed array really lies, whatever properties its author has put on it. */
export const shapeOf = (view: unknown): ViewShape => ({
  buffer: bufferOf(view),
  byteOffset: byteOffsetOf(view),
  byteLength: byteLengthOf(view),
  length: lengthOf(view),
});
export const copyInto = uncurry(typedPrototype.set) as (
  target: Uint8Array | Float64Array,
  source: ArrayLike<number>,
  offset: number,
) => void;
export const copyOf = uncurry(typedPrototype.slice) as <T extends Uint8Array | Float64Array>(
  array: T,
) => T;
export const joinStrings = uncurry(Array.prototype.join) as (
  array: readonly string[],
  separator: string,
) => string;
export const sliceBuffer = uncurry(ArrayBuffer.prototype.slice) as (
  buffer: ArrayBuffer,
  from: number,
  to: number,
) => ArrayBuffer;
export const sortStrings = uncurry(Array.prototype.sort) as (array: string[]) => string[];
export const charCodeAt = uncurry(String.prototype.charCodeAt) as (
  text: string,
  at: number,
) => number;
export const substring = uncurry(String.prototype.substring) as (
  text: string,
  from: number,
  to: number,
) => string;
export const split = uncurry(
  String.prototype.split as (this: string, separator: string) => string[],
) as (text: string, separator: string) => string[];
export const includesText = uncurry(String.prototype.includes) as (
  text: string,
  part: string,
) => boolean;
export const fromCharCodes = String.fromCharCode as (...codes: number[]) => string;
export const applyTo = Reflect.apply as <R>(
  fn: (...args: never[]) => R,
  self: unknown,
  args: ArrayLike<unknown>,
) => R;

export const PromiseClass = Promise;
const then = uncurry(Promise.prototype.then as (...args: unknown[]) => unknown);
/** A promise that is refused must not also count as an unhandled rejection, which the host would see instead. */
export function silence(promise: unknown): void {
  then(promise as Promise<unknown>, undefined, () => {});
}
export const MapClass = Map;
export const SetClass = Set;
export const ErrorClass = Error;
export const rangeErrorPrototype = RangeError.prototype as object;
export const bytesClass = Uint8Array;

const createObject = Object.create;
/** An object without a prototype, as a map from strings. */
export const createRecord = <T>(): Record<string, T> => createObject(null) as Record<string, T>;
