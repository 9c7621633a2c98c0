import type { DatasetFormat } from "../../protocol/dataset-format.ts";

/** Carries types only; no value ever has it. */
declare const shapes: unique symbol;

/**
 * What a function reads. The type parameters are the shapes it takes: `Item`, one record (kinds map and mapReduce);
 * `Shard`, what an iterate's map gets; `Sample`, what its init gets; `Data`, what a caller passes inline.
 */
export interface Input<Item = unknown, Shard = unknown, Sample = unknown, Data = unknown> {
  readonly type: "dataset" | "range" | "items";
  readonly format?: DatasetFormat;
  readonly columns?: readonly string[];
  readonly recordBytes?: number;
  readonly [shapes]?: { item: Item; shard: Shard; sample: Sample; data: Data };
}

type Shapes<I> =
  I extends Input<infer Item, infer Shard, infer Sample, infer Data>
    ? { item: Item; shard: Shard; sample: Sample; data: Data }
    : never;
export type ItemOf<I> = Shapes<I>["item"];
export type ShardOf<I> = Shapes<I>["shard"];
export type SampleOf<I> = Shapes<I>["sample"];
export type DataOf<I> = Shapes<I>["data"];

/**
 * Rows of a matrix: numbers in row-major order, so row i is `rows.subarray(i * rows.width, (i + 1) * rows.width)`.
 * Shared between rounds: read it, do not write to it.
 */
export interface Rows extends Float64Array<ArrayBuffer> {
  /** Names of the columns, left to right. */
  readonly columns: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** The integers from `from` up to, not including, `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A parameter described beyond its default; made by the `param` helpers. */
export interface Param<T> {
  readonly param: {
    readonly type: "number" | "integer" | "string" | "boolean" | "array" | "object";
    readonly default: T;
    readonly [keyword: string]: unknown;
  };
}

/** A default of a plain type, from which the parameter's type is taken. */
export type ParamDefault =
  | number
  | string
  | boolean
  | readonly ParamDefault[]
  | { readonly [key: string]: ParamDefault };
export type ParamSpecs = Readonly<Record<string, Param<unknown> | ParamDefault>>;

type Widen<T> = T extends number
  ? number
  : T extends string
    ? string
    : T extends boolean
      ? boolean
      : T extends readonly (infer Element)[]
        ? readonly Widen<Element>[]
        : { readonly [Key in keyof T]: Widen<T[Key]> };
export type ParamsOf<P> = {
  readonly [Key in keyof P]: P[Key] extends Param<infer T> ? T : Widen<P[Key]>;
};

/** A constant that the caller binds: a job's result, a dataset, or inline JSON. */
export interface Constant<T> {
  readonly constant: { readonly description?: string };
  readonly [shapes]?: T;
}
export type ConstantSpecs = Readonly<Record<string, Constant<unknown>>>;
export type UsesOf<U> = { readonly [Key in keyof U]: U[Key] extends Constant<infer T> ? T : never };

export type NoSpecs = Record<never, never>;

/** What every entry may use. */
export interface BaseContext<P, U> {
  readonly params: ParamsOf<P>;
  /** Decoded once and kept between tasks: read it, do not write to it. */
  readonly uses: UsesOf<U>;
}

/** A context with randomness: a number in [0, 1) from a generator seeded by the job, the same on every machine. */
export interface RandomContext<P, U> extends BaseContext<P, U> {
  random(): number;
}

export interface MapContext<P, U> extends RandomContext<P, U> {
  /** The shard at work (for a range, the task) and how many there are. */
  readonly shard: { readonly index: number; readonly count: number };
  /** Index of the record in the whole dataset; for an iterate, of the shard's first record. 0-based. */
  readonly record: number;
}

export interface RoundContext<P, U> extends MapContext<P, U> {
  /** 1-based. */
  readonly round: number;
}

export interface InitContext<I, P, U> extends RandomContext<P, U> {
  /** The records of the first shard. */
  readonly sample: SampleOf<I>;
}

export interface StepContext<P, U> extends RandomContext<P, U> {
  /** 1-based. */
  readonly round: number;
}

export interface StepResult<State> {
  state: State;
  /** True ends the iteration. */
  done?: boolean;
  /** Streamed to whoever watches the job. */
  metrics?: Readonly<Record<string, number>>;
}

/** One inline call that shows the function at work; also run at publish, twice, to check that it is pure. */
export interface Example<I, P, U> {
  input: DataOf<I>;
  params?: Partial<ParamsOf<P>>;
  uses?: UsesOf<U>;
}

interface Common<I, P, U> {
  title: string;
  description?: string;
  input: I;
  /** Defaults, or `param` helpers; they give names, types and say what callers may set. */
  params?: P;
  uses?: U;
  /** Records that one task takes; planned from a probe when absent. */
  recordsPerTask?: number;
  example?: Example<NoInfer<I>, NoInfer<P>, NoInfer<U>>;
}

/**
 * The content type of a result that is bytes, for instance "image/png". The entry then returns a Uint8Array. (Out is
 * unknown while it is still being inferred.)
 */
type BytesOutput<Out> = unknown extends Out ? string : Out extends Uint8Array ? string : never;

export interface MapDefinition<I, P, U, Out> extends Common<I, P, U> {
  map(record: ItemOf<I>, context: MapContext<P, U>): Out;
  output?: BytesOutput<NoInfer<Out>>;
}

/** Hands a key and a value to reduce. Values are JSON or typed arrays. */
export type Emit<Value> = (key: string, value: Value) => void;

interface MapReduceCommon<I, P, U, Value, Out> extends Common<I, P, U> {
  map(record: ItemOf<I>, emit: Emit<Value>, context: MapContext<P, U>): void;
  /** Hash partitions of the keys, each one reduce task; planned from the input's size when absent. */
  reducers?: number;
  output?: BytesOutput<NoInfer<Out>>;
}

/**
 * The type of a value is taken from `map(record, emit: Emit<T>)`, or from a reduce or combine whose parameters are all
 * annotated; it is number when nothing says otherwise.
 */
export interface MapReduceDefinition<I, P, U, Value, Out>
  extends MapReduceCommon<I, P, U, Value, Out> {
  reduce(key: string, values: Value[], context: RandomContext<P, U>): Out;
  /** Folds a key's values inside each task, before they travel. Must be associative. */
  combine?(key: string, values: Value[], context: RandomContext<P, U>): Value;
}

/** With `combine: true`, reduce itself folds the values inside each task: it must be associative. */
export interface FoldDefinition<I, P, U, Value> extends MapReduceCommon<I, P, U, Value, Value> {
  reduce(key: string, values: Value[], context: RandomContext<P, U>): NoInfer<Value>;
  combine: true;
}

/** State and partials are JSON and typed arrays (plain objects and arrays; no Map, Set, class instances or bigint). */
export interface IterateDefinition<I, P, U, State, Partial, Out> extends Common<I, P, U> {
  /** The state before the first round. */
  init(context: InitContext<I, P, U>): State;
  /** One partial from one shard. */
  map(shard: ShardOf<I>, state: NoInfer<State>, context: RoundContext<P, U>): Partial;
  /** Must be associative; may write to `a` and return it. */
  merge(a: NoInfer<Partial>, b: NoInfer<Partial>, context: BaseContext<P, U>): NoInfer<Partial>;
  step(
    state: NoInfer<State>,
    total: NoInfer<Partial>,
    context: StepContext<P, U>,
  ): StepResult<NoInfer<State>>;
  /** The result; the final state when absent. */
  finish?(state: NoInfer<State>, context: RandomContext<P, U>): Out;
  /** The hard bound on rounds. */
  roundsMax?: number;
  output?: BytesOutput<NoInfer<Out>>;
}

/** A definition, ready to be a module's default export. */
export interface GridFunction<Kind extends string, I, P, U, Out> {
  readonly kind: Kind;
  readonly [shapes]?: { input: I; params: P; uses: U; out: Out };
}
