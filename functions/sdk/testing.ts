import { outputBytesMax, roundsMaxDefault } from "../../protocol/limits.ts";
import { createRuntime, inlineSource, rounds } from "./runtime/index.ts";
import { gatherAll } from "./runtime/invoke.ts";
import { toJson } from "./runtime/json.ts";
import { eachOutput, toBytes } from "./runtime/map.ts";
import { eachReduced } from "./runtime/map-reduce.ts";
import { Refusal } from "./runtime/refusal.ts";
import type { Run } from "./runtime/run.ts";
import type { DataOf, GridFunction, ParamsOf, UsesOf } from "./types.ts";

export interface LocalOptions<I, U> {
  /** Values of the constants that the function uses. */
  uses?: UsesOf<U>;
  /** Seeds random(); 1 when absent. */
  seed?: number;
  /** iterate: the data as several shards, each mapped by itself; `data` is then the first of them or ignored. */
  shards?: readonly DataOf<I>[];
  roundsMax?: number;
}

/** What a value looks like once it was carried as JSON: typed arrays are plain numbers. Bytes outputs stay bytes. */
export type Carried<T> = T extends Uint8Array
  ? T
  : T extends ArrayBufferView
    ? number[]
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends readonly (infer Element)[]
        ? Carried<Element>[]
        : T extends object
          ? { [Key in keyof T]: Carried<T[Key]> }
          : T;

/**
 * Runs a function here and now, for unit tests without a server: the runtime of the grid, unmetered and without a
 * sandbox. `data` has the shape of an inline input (see functions/sdk/inputs.ts).
 *
 * @returns map: the outputs in order; mapReduce: keys and values sorted by key; iterate: the value, how many rounds it
 *   took, and the metrics of each
 * @throws what the function throws, as it is; an Error with `code` and `hint` for data or results that the grid refuses
 */
export function runLocally<I, P, U, Out>(
  fn: GridFunction<"map", I, P, U, Out>,
  data: NoInfer<DataOf<I>>,
  params?: Partial<ParamsOf<NoInfer<P>>>,
  options?: LocalOptions<NoInfer<I>, NoInfer<U>>,
): Carried<Out>[];
export function runLocally<I, P, U, Out>(
  fn: GridFunction<"mapReduce", I, P, U, Out>,
  data: NoInfer<DataOf<I>>,
  params?: Partial<ParamsOf<NoInfer<P>>>,
  options?: LocalOptions<NoInfer<I>, NoInfer<U>>,
): { key: string; value: Carried<Out> }[];
export function runLocally<I, P, U, Out>(
  fn: GridFunction<"iterate", I, P, U, Out>,
  data: NoInfer<DataOf<I>>,
  params?: Partial<ParamsOf<NoInfer<P>>>,
  options?: LocalOptions<NoInfer<I>, NoInfer<U>>,
): { value: Carried<Out>; rounds: number; metrics: Record<string, number | null>[] };
export function runLocally(
  fn: object,
  data: unknown,
  params: object = {},
  options: LocalOptions<unknown, unknown> = {},
): unknown {
  const { seed = 1, uses = {}, shards, roundsMax } = options;
  const runtime = createRuntime({ logLinesPerTaskMax: 0, logLineCharsMax: 0, outputBytesMax });
  const inputs: readonly unknown[] = shards ?? [data];
  const job = {
    id: "local",
    seed,
    params: params as Record<string, unknown>,
    uses: {},
    reducers: 1,
    shardCount: inputs.length,
  };
  const run = runtime.start(fn, job, uses);
  try {
    return evaluate(run, inputs, roundsMax);
  } catch (error) {
    if (!Refusal.is(error)) throw error;
    const { code, message, hint } = error;
    const { record } = run.place;
    const where = record === undefined ? "" : ` (record ${record})`;
    throw Object.assign(new Error(`${message}${where}${hint === undefined ? "" : `; ${hint}`}`), {
      code,
      hint,
    });
  }
}

function evaluate(run: Run, inputs: readonly unknown[], roundsMax: number | undefined): unknown {
  const { kind, input, description, output } = run.definition;
  const sources = inputs.map((data) => inlineSource(input, data));
  const source = sources[0]!;
  const carry = (value: unknown): unknown =>
    output.type === "bytes" ? toBytes(value) : JSON.parse(toJson(value));
  if (kind === "iterate") {
    const bound = roundsMax ?? description.roundsMax ?? roundsMaxDefault;
    const iterated = rounds(run, sources, bound);
    return { ...iterated, value: carry(iterated.value) };
  }
  if (kind === "map") {
    const outputs: unknown[] = [];
    eachOutput(run, source, 0, 0, (value) => outputs.push(carry(value)));
    return outputs;
  }
  const pairs: { key: string; value: unknown }[] = [];
  eachReduced(run, gatherAll(run, source), (key, value) => {
    pairs.push({ key, value: carry(value) });
  });
  return pairs;
}
