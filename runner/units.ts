import { GridError } from "../protocol/errors.ts";
import type { RunPartial } from "../protocol/gateway-to-runner.ts";
import type { GuestRequest, GuestSlice, PartialRef } from "../protocol/guest.ts";
import type { JobContext, LoadRef } from "./job-context.ts";
import type { RunMessage } from "./messages.ts";

/** One guest call of a lease: answers tasks [lo, hi). */
export interface Unit {
  lo: number;
  hi: number;
  /** Compute time against other units of the entry, as far as can be told: the records of a map, else the tasks. */
  weight: number;
  request: GuestRequest;
  /** Shards that must be resident first. */
  shards: readonly LoadRef[];
  /** What the call consumes, in order; a part that is not here yet is a blob named by its digest. */
  parts: readonly DataPart[];
  /** Text parts are lines and are joined by a newline; binary parts are concatenated. */
  separator: "" | "\n";
}

export type DataPart = Uint8Array | { digest: string; bytes: number };

/**
 * The guest calls that a lease consists of, as protocol/guest.ts documents them. Pure.
 * @param payloads those of the run message: the state first (when `hasState`), then the inline partials in turn
 * @throws GridError runner-fault when the message contradicts itself or the manifest
 */
export function unitsOf(
  context: JobContext,
  run: RunMessage,
  payloads: readonly Uint8Array[],
): Unit[] {
  const inputs = readInputs(run, payloads);
  const base = { job: context.guest, fuelMax: context.job.limits.fuelPerTask };
  const perTask = (make: (task: number) => Unit): Unit[] =>
    Array.from({ length: run.hi - run.lo }, (_, i) => make(run.lo + i));
  const leaves = run.leaves ?? 0;

  switch (run.entry) {
    case "probe":
      return perTask((task) => {
        const [slice, shards] = sliceOf(context, run, task);
        return unit(task, { ...base, entry: "probe", slice }, { shards });
      });
    case "map":
      if (context.job.kind === "iterate") return [iterateMap(context, run, inputs.state)];
      return perTask((task) => {
        const [slice, shards] = sliceOf(context, run, task);
        const weight = Math.max(slice.to - slice.from, 1);
        return unit(task, { ...base, entry: "map", slice }, { shards, weight });
      });
    case "reduce":
      return perTask((task) =>
        unit(
          task,
          { ...base, entry: "reduce", partition: task },
          { parts: inputs.partialsOf(task).map(({ part }) => part), separator: "\n" },
        ),
      );
    case "init":
      return perTask((task) => {
        const sample = sampleOf(context, run);
        if (!sample) return unit(task, { ...base, entry: "init" });
        const [slice, shards] = sample;
        return unit(task, { ...base, entry: "init", slice }, { shards });
      });
    case "merge":
      return perTask((task) => {
        const partials = inputs.partialsOf(task);
        return unit(
          task,
          {
            ...base,
            entry: "merge",
            level: run.level ?? 0,
            index: task,
            leaves,
            partials: partials.map(({ ref }) => ref),
          },
          { parts: partials.map(({ part }) => part) },
        );
      });
    case "step":
      return perTask((task) => {
        const state = required(inputs.state, run);
        const partials = inputs.partials;
        return unit(
          task,
          {
            ...base,
            entry: "step",
            round: run.round,
            leaves,
            // The bytes of a state that is a blob are known once it was fetched: see dataOf.
            stateBytes: sizeOf(state),
            partials: partials.map(({ ref }) => ref),
          },
          { parts: [state, ...partials.map(({ part }) => part)] },
        );
      });
    case "finish":
      return perTask((task) =>
        unit(task, { ...base, entry: "finish" }, { parts: [required(inputs.state, run)] }),
      );
  }
}

/** One call for the whole lease, so that the guest merges its tasks' partials up the tree before anything is sent. */
function iterateMap(context: JobContext, run: RunMessage, state: DataPart | undefined): Unit {
  const slices: GuestSlice[] = [];
  let records = 0;
  const shards = new Set<LoadRef>();
  for (let task = run.lo; task < run.hi; task++) {
    const [slice, refs] = sliceOf(context, run, task);
    slices.push(slice);
    records += slice.to - slice.from;
    for (const ref of refs) shards.add(ref);
  }
  return {
    lo: run.lo,
    hi: run.hi,
    weight: Math.max(records, 1),
    request: {
      job: context.guest,
      fuelMax: context.job.limits.fuelPerTask,
      entry: "map",
      slices,
      leaves: run.leaves ?? 0,
      round: run.round,
    },
    shards: [...shards],
    parts: [required(state, run)],
    separator: "",
  };
}

function unit(
  task: number,
  request: GuestRequest,
  inputs: Partial<Pick<Unit, "shards" | "parts" | "separator" | "weight">> = {},
): Unit {
  const alone = { weight: 1, shards: [], parts: [], separator: "" } as const;
  return { lo: task, hi: task + 1, request, ...alone, ...inputs };
}

function sliceOf(context: JobContext, run: RunMessage, task: number): [GuestSlice, LoadRef[]] {
  if (!run.tasking)
    throw new GridError("runner-fault", `a ${run.entry} lease came without tasking`);
  let slice: ReturnType<ReturnType<JobContext["taskTable"]>["slice"]>;
  try {
    slice = context.taskTable(run.tasking).slice(task);
  } catch (cause) {
    throw new GridError("runner-fault", "a lease claims a task that is not", { task }, { cause });
  }
  if (run.tasking.type === "range") return [{ task, ...slice }, []];
  const shard = context.shards[slice.shard]!;
  return [{ task, key: shard.key, ...slice }, [shard]];
}

/**
 * init sees all of a range, or else the first task's slice when the stage says how the input is cut, or else the whole
 * first shard.
 */
function sampleOf(context: JobContext, run: RunMessage): [GuestSlice, LoadRef[]] | undefined {
  if (run.tasking?.type === "range")
    return [{ task: 0, shard: 0, from: 0, to: run.tasking.count, record: 0 }, []];
  if (run.tasking) return sliceOf(context, run, 0);
  const first = context.shards[0];
  const records = context.manifest?.shards[0]?.records;
  if (!first || records === undefined) return undefined;
  return [{ task: 0, key: first.key, shard: 0, from: 0, to: records, record: 0 }, [first]];
}

interface Inputs {
  state: DataPart | undefined;
  partials: { ref: PartialRef; part: DataPart }[];
  partialsOf(task: number): { ref: PartialRef; part: DataPart }[];
}

function readInputs(run: RunMessage, payloads: readonly Uint8Array[]): Inputs {
  let at = 0;
  const next = (what: string): Uint8Array => {
    const payload = payloads[at++];
    if (!payload) throw new GridError("runner-fault", `a ${run.entry} lease came without ${what}`);
    return payload;
  };
  let state: DataPart | undefined;
  if (run.stateDigest !== undefined) state = { digest: run.stateDigest, bytes: 0 };
  else if (run.hasState || needsState(run, payloads)) state = next("its state");

  const byTask = new Map<number, { ref: PartialRef; part: DataPart }[]>();
  const partials = (run.partials ?? []).map((partial: RunPartial) => {
    const { task, level, index, bytes, hash, inline } = partial;
    const part = inline ? next("a partial") : { digest: hash, bytes };
    const entry = { ref: { level, index, bytes }, part };
    const list = byTask.get(task);
    if (list) list.push(entry);
    else byTask.set(task, [entry]);
    return entry;
  });
  return { state, partials, partialsOf: (task) => byTask.get(task) ?? [] };
}

/** A step or finish always has a state, a map has one when a payload is there. */
function needsState(run: RunMessage, payloads: readonly Uint8Array[]): boolean {
  if (run.entry === "step" || run.entry === "finish") return true;
  return run.entry === "map" && payloads.length > 0;
}

function required(state: DataPart | undefined, run: RunMessage): DataPart {
  if (!state) throw new GridError("runner-fault", `a ${run.entry} lease came without its state`);
  return state;
}

function sizeOf(part: DataPart): number {
  return part instanceof Uint8Array ? part.byteLength : part.bytes;
}

/**
 * A unit's request and data, once all blobs are here.
 * @param bytesOf gives the bytes of a part that is a blob
 */
export function resolveUnit(
  unit: Unit,
  bytesOf: (digest: string) => Uint8Array,
): { request: GuestRequest; data?: Uint8Array } {
  if (unit.parts.length === 0) {
    // A reduce without input still gets a string to split, the others expect nothing.
    if (unit.request.entry !== "reduce") return { request: unit.request };
    return { request: unit.request, data: new Uint8Array(0) };
  }
  const parts = unit.parts.map((part) =>
    part instanceof Uint8Array ? part : bytesOf(part.digest),
  );
  const request =
    unit.request.entry === "step" || unit.request.entry === "round"
      ? { ...unit.request, stateBytes: parts[0]!.byteLength }
      : unit.request;
  return { request, data: joinParts(parts, unit.separator) };
}

export function joinParts(parts: readonly Uint8Array[], separator: "" | "\n"): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const gap = separator.length;
  const total = parts.reduce((sum, part) => sum + part.byteLength, gap * (parts.length - 1));
  const joined = Buffer.allocUnsafe(total);
  let at = 0;
  parts.forEach((part, i) => {
    if (i > 0 && gap > 0) joined[at++] = 0x0a;
    joined.set(part, at);
    at += part.byteLength;
  });
  return joined;
}
