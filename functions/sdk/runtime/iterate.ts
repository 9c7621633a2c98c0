import type { GuestSlice, PartialRef } from "../../../protocol/guest.ts";
import type { Control } from "../../../protocol/job.ts";
import { nodeSpan } from "../../../protocol/merge-tree.ts";
import { contextOf, mapContextOf } from "./context.ts";
import { refusedPromise, toJson } from "./json.ts";
import { toBytes } from "./map.ts";
import { pack, unpack } from "./pack.ts";
import { createMerger, type Merger } from "./partials.ts";
import { isFiniteNumber, keysOf, PromiseClass } from "./primordials.ts";
import { streams } from "./random.ts";
import { badOutput, HostFault } from "./refusal.ts";
import type { Outcome, Partial } from "./reply.ts";
import type { Run } from "./run.ts";
import { rangeSource, type Source } from "./source.ts";

type Packed = Uint8Array<ArrayBuffer>;

/** The first state. For a range, the slice is all of it: sample is { from, to, count }. */
export function init(run: Run, source: Source | undefined): Packed {
  const { definition, random } = run;
  const range = definition.input.type === "range";
  const { all, count } = source ?? (range ? rangeSource(0, 0) : { all: () => [], count: 0 });
  const sample = range ? { ...(all() as object), count } : all();
  run.machine.charge(source?.fuel ?? 1);
  random.seek(streams.init, 0, 0);
  return packed(run, "init", definition.init(contextOf(run, random, { sample })));
}

/** One shard's partial. The state is decoded anew, so that no task sees what another wrote to it. */
export function mapShard(
  run: Run,
  state: Packed,
  source: Source,
  place: { task: number; shard: number; record: number; round: number },
): Packed {
  const { definition, machine, random } = run;
  run.place.task = place.task;
  run.place.shard = place.shard;
  run.place.record = place.record;
  machine.charge(source.fuel);
  random.seek(streams.shard, place.round, place.record);
  const context = mapContextOf(run, place.shard, { round: place.round });
  return packed(run, "map", definition.map(source.all(), unpacked(state), context));
}

/** Both sides come from bytes, so a merge inside a task gives what the same merge between tasks would. */
export function mergePacked(run: Run, a: Packed, b: Packed): Packed {
  const merge = run.definition.merge;
  return packed(run, "merge", merge(unpacked(a), unpacked(b), contextOf(run, undefined)));
}

export function step(
  run: Run,
  state: Packed,
  total: Packed,
  round: number,
): { state: Packed; control: Control & { done: boolean } } {
  const { definition, random } = run;
  random.seek(streams.step, round, 0);
  const context = contextOf(run, random, { round });
  const answer = definition.step(unpacked(state), unpacked(total), context) as {
    state?: unknown;
    done?: unknown;
    metrics?: unknown;
  };
  if (answer instanceof PromiseClass) throw refusedPromise(answer, "step returned");
  if (typeof answer !== "object" || answer === null || answer.state === undefined) {
    throw badOutput("step returned no state", "return { state, done?, metrics? }");
  }
  const control: Control & { done: boolean } = { done: answer.done === true };
  if (answer.metrics !== undefined) control.metrics = readMetrics(answer.metrics);
  return { state: packed(run, "step", answer.state), control };
}

/** The value of the whole iteration. */
export function finish(run: Run, state: Packed): unknown {
  const { definition, random } = run;
  const value = unpacked(state);
  if (definition.finish === undefined) return value;
  random.seek(streams.finish, 0, 0);
  const result = definition.finish(value, contextOf(run, random));
  if (run.refusal !== undefined) throw run.refusal;
  return result;
}

export function resultOutcome(run: Run, value: unknown): Outcome {
  const { output } = run.definition;
  if (output.type === "json") return { body: toJson(value) };
  return { body: [toBytes(value)], contentType: output.contentType };
}

/**
 * Tasks [lo, hi) of a map stage, merged up to their canonical cover. Each task and each merge has the whole fuel limit
 * to itself, so that an error does not depend on how tasks were leased.
 */
export function mapSlices(
  run: Run,
  state: Packed,
  request: { slices: readonly GuestSlice[]; leaves: number; round: number },
): Outcome {
  const { machine, logs, residents } = run;
  const merger = createFuelledMerger(run, request.leaves);
  for (let i = 0; i < request.slices.length; i++) {
    const slice = request.slices[i]!;
    machine.begin(run.fuelMax);
    logs.nextTask();
    run.place.entry = "map";
    const source = residents.source(slice, neededColumns(run));
    const partial = mapShard(run, state, source, { ...slice, round: request.round });
    merger.push({ level: 0, index: slice.task, fuel: machine.used(), packed: partial });
  }
  return partialsOutcome(merger.nodes);
}

/** One node from partials below it. Its fuel is that of the merges done here. */
export function mergeNode(
  run: Run,
  data: ArrayBuffer,
  request: { level: number; index: number; leaves: number; partials: readonly PartialRef[] },
): Outcome {
  const merger = createFuelledMerger(run, request.leaves, request.level);
  pushAll(merger, data, 0, request.partials);
  const node = merger.nodes[0];
  if (merger.nodes.length !== 1 || node?.level !== request.level || node.index !== request.index) {
    throw new HostFault("the partials do not make up the node");
  }
  return partialsOutcome(merger.nodes);
}

interface StepRequest {
  round: number;
  leaves: number;
  /** Where in the data the partials begin. */
  stateBytes: number;
  partials: readonly PartialRef[];
}

/** Merges what is left up to the root, and steps. */
export function stepStage(run: Run, data: ArrayBuffer, request: StepRequest): Outcome {
  const { machine } = run;
  const merger = createFuelledMerger(run, request.leaves);
  pushAll(merger, data, request.stateBytes, request.partials);
  const root = merger.nodes[0];
  if (
    merger.nodes.length !== 1 ||
    root === undefined ||
    root.index !== 0 ||
    nodeSpan(root, request.leaves).hi !== request.leaves
  ) {
    throw new HostFault("the partials do not make up the root");
  }
  machine.begin(run.fuelMax);
  run.place.entry = "step";
  const state = new Uint8Array(data, 0, request.stateBytes);
  const next = step(run, state, root.packed, request.round);
  return {
    body: [next.state],
    control: next.control,
    fuel: root.fuel + machine.used(),
  };
}

/** A step, and the map of the next round with its state: what two calls would give, in one. */
export function stepAndMap(
  run: Run,
  data: ArrayBuffer,
  request: StepRequest & { slices: readonly GuestSlice[]; quiet: boolean },
): Outcome {
  const { logs, place } = run;
  place.task = 0;
  const stepped = stepStage(run, data, request);
  if (request.quiet) logs.clear();
  const [next] = stepped.body as readonly Packed[];
  const fuel = stepped.fuel!;
  const state = { bytes: next!.length, fuel };
  if (stepped.control!.done === true) return { ...stepped, state, partials: [] };
  const { slices, leaves, round } = request;
  const mapped = mapSlices(run, next!, { slices, leaves, round: round + 1 });
  const body: Packed[] = [next!];
  const parts = mapped.body as readonly Packed[];
  for (let i = 0; i < parts.length; i++) body[i + 1] = parts[i]!;
  return { ...mapped, body, control: stepped.control!, state, fuel: fuel + mapped.fuel! };
}

export function neededColumns(run: Run): readonly string[] | undefined {
  const { input } = run.definition;
  return input.type === "dataset" ? input.columns : undefined;
}

function createFuelledMerger(run: Run, leaves: number, levelMax?: number): Merger {
  const { machine, place } = run;
  return createMerger(
    leaves,
    (left, right) => {
      place.entry = "merge";
      delete place.record;
      delete place.shard;
      machine.begin(run.fuelMax);
      const merged = mergePacked(run, left.packed, right.packed);
      return { ...right, packed: merged, fuel: left.fuel + right.fuel + machine.used() };
    },
    levelMax,
  );
}

function pushAll(
  merger: Merger,
  data: ArrayBuffer,
  offset: number,
  partials: readonly PartialRef[],
): void {
  let at = offset;
  for (let i = 0; i < partials.length; i++) {
    const { level, index, bytes } = partials[i]!;
    if (at + bytes > data.byteLength) throw new HostFault("a partial is cut short");
    merger.push({ level, index, fuel: 0, packed: new Uint8Array(data, at, bytes) });
    at += bytes;
  }
}

function partialsOutcome(nodes: readonly Partial[]): Outcome {
  const body: Packed[] = [];
  let fuel = 0;
  for (let i = 0; i < nodes.length; i++) {
    body[i] = nodes[i]!.packed;
    fuel += nodes[i]!.fuel;
  }
  return { body, partials: nodes, fuel };
}

function packed(run: Run, entry: string, value: unknown): Packed {
  if (run.refusal !== undefined) throw run.refusal;
  if (value instanceof PromiseClass) throw refusedPromise(value, `${entry} returned`);
  if (value === undefined) throw badOutput(`${entry} returned nothing`, "return a value");
  return pack(value);
}

function unpacked(bytes: Packed): unknown {
  return unpack(bytes.buffer, bytes.byteOffset, bytes.length);
}

function readMetrics(value: unknown): Record<string, number | null> {
  if (typeof value !== "object" || value === null) throw badOutput("metrics is not an object");
  const metrics: Record<string, number | null> = {};
  const names = keysOf(value);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const metric: unknown = (value as Record<string, unknown>)[name];
    if (typeof metric !== "number") {
      throw badOutput(`the metric ${name} is not a number`, "metrics are numbers");
    }
    metrics[name] = isFiniteNumber(metric) ? metric : null;
  }
  return metrics;
}
