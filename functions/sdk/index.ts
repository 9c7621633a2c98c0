import type {
  ConstantSpecs,
  FoldDefinition,
  GridFunction,
  Input,
  IterateDefinition,
  MapDefinition,
  MapReduceDefinition,
  NoSpecs,
  ParamSpecs,
} from "./types.ts";

/**
 * What authors import from "sparegrid". A function is a plain object that says what it reads and how it computes;
 * everything else (decoding, shuffling, seeding, encoding) is done by the runtime around it.
 *
 * Entries are synchronous and pure: their result depends on their arguments alone.
 */
export { bytes, csv, items, lines, matrix, ndjson, range, text } from "./inputs.ts";
export { constant, param } from "./params.ts";
export type {
  BaseContext,
  Constant,
  Emit,
  GridFunction,
  InitContext,
  Input,
  MapContext,
  Param,
  RandomContext,
  RoundContext,
  Rows,
  Span,
  StepContext,
  StepResult,
} from "./types.ts";

/** One output per record, in input order. */
export function map<
  I extends Input,
  Out,
  P extends ParamSpecs = NoSpecs,
  U extends ConstantSpecs = NoSpecs,
>(definition: MapDefinition<I, P, U, Out>): GridFunction<"map", I, P, U, Out> {
  return { ...definition, kind: "map" };
}

/** Key/value records: map emits them, reduce folds the values of each key, results are sorted by key. */
export function mapReduce<
  I extends Input,
  P extends ParamSpecs = NoSpecs,
  U extends ConstantSpecs = NoSpecs,
  Value = number,
>(definition: FoldDefinition<I, P, U, Value>): GridFunction<"mapReduce", I, P, U, Value>;
export function mapReduce<
  I extends Input,
  Out,
  P extends ParamSpecs = NoSpecs,
  U extends ConstantSpecs = NoSpecs,
  Value = number,
>(definition: MapReduceDefinition<I, P, U, Value, Out>): GridFunction<"mapReduce", I, P, U, Out>;
export function mapReduce(definition: object): { kind: "mapReduce" } {
  return { ...definition, kind: "mapReduce" };
}

/**
 * Rounds of map (one partial per shard), merge (associative) and step (the next state), until step says done. Write the
 * entries in the order init, map, merge, step: each takes its types from those before it.
 */
export function iterate<
  I extends Input,
  State,
  Partial,
  P extends ParamSpecs = NoSpecs,
  U extends ConstantSpecs = NoSpecs,
  Out = State,
>(
  definition: IterateDefinition<I, P, U, State, Partial, Out>,
): GridFunction<"iterate", I, P, U, Out> {
  return { ...definition, kind: "iterate" };
}
