import type { DataOf, GridFunction, ParamsOf as SdkParamsOf } from "../functions/sdk/types.ts";
import type { SubmitRequest, UseBinding } from "../protocol/http.ts";

/** Any function's definition: what a published file exports by default. */
export type AnyFunction = GridFunction<string, unknown, unknown, unknown, unknown>;

type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** A value as it looks after the trip through JSON: typed arrays are plain number arrays. */
export type AsJson<T> = T extends TypedArray
  ? number[]
  : T extends readonly (infer Element)[]
    ? AsJson<Element>[]
    : T extends object
      ? { -readonly [Key in keyof T]: AsJson<T[Key]> }
      : T;

interface Shapes {
  kind: string;
  input: unknown;
  params: unknown;
  out: unknown;
}
type ShapesOf<F> =
  F extends GridFunction<infer Kind, infer I, infer P, infer _Uses, infer Out>
    ? { kind: Kind; input: I; params: P; out: Out }
    : Shapes;
type IsUnknown<T> = unknown extends T ? true : false;

/** What `invoke` and an inline `input` of this function take. */
export type InputOf<F> =
  IsUnknown<ShapesOf<F>["input"]> extends true ? unknown : DataOf<ShapesOf<F>["input"]>;

/** Its parameters; each has a default, so each may be left out. */
export type ParamsOf<F> =
  IsUnknown<ShapesOf<F>["params"]> extends true
    ? Record<string, unknown>
    : Partial<SdkParamsOf<ShapesOf<F>["params"]>>;

type OneResult<Kind, Out> = Kind extends "map"
  ? Out[]
  : Kind extends "mapReduce"
    ? { key: string; value: Out }[]
    : Out;
type ResultWith<F, Bytes> =
  ShapesOf<F> extends { kind: infer Kind; out: infer Out }
    ? IsUnknown<Out> extends true
      ? unknown
      : Out extends Uint8Array
        ? Bytes
        : OneResult<Kind, AsJson<Out>>
    : unknown;

/** Its whole result as `run` reads it: an array (map), { key, value } records (mapReduce), a value (iterate), bytes. */
export type ResultOf<F> = ResultWith<F, Uint8Array>;
/** The same as `invoke` answers it: bytes come as base64. */
export type InvokeResultOf<F> = ResultWith<F, { base64: string; contentType: string }>;

export interface InvokeSettings<F = AnyFunction> {
  params?: ParamsOf<F> | undefined;
  uses?: Record<string, UseBinding> | undefined;
  seed?: number | undefined;
  /** Whose machines: "everyone", "own", or a pool. */
  pool?: string | undefined;
  /** The newest when absent; or at least 8 characters of a version. */
  version?: string | undefined;
  /** How long the API may keep the request waiting before it becomes a job. */
  waitSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
}

export type RunSettings<F = AnyFunction> = Omit<SubmitRequest, "function" | "input" | "params"> & {
  input?: InputOf<F>;
  params?: ParamsOf<F>;
};
