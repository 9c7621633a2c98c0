import { type ErrorBody, GridError } from "../protocol/errors.ts";
import type { GuestError, GuestReply } from "../protocol/guest.ts";
import type { Kind } from "../protocol/job.ts";
import type { ExecutorReply } from "../sandbox/port.ts";
import type { Unit } from "./units.ts";

/** One output of a unit, as the result message lists it, with its bytes. */
export interface UnitOutput {
  level: number;
  index: number;
  hash: string;
  fuel: number;
  body: Uint8Array;
  /** Its task never asked how many shards there are. */
  anyCount?: boolean;
}

/**
 * Cuts a reply into outputs: one a reduce partition for a mapReduce map, one a tree node for partials, else one.
 * A mapReduce map's fuel is counted once, with partition 0, so that the sum over outputs is what the task spent.
 * @throws GridError bad-output when the reply does not have the shape that its entry promises
 */
export function outputsOf(unit: Unit, kind: Kind, reply: ExecutorReply): UnitOutput[] {
  const { header, body, hashes, sizes } = reply;
  const { entry, job } = unit.request;
  if (kind === "mapReduce" && entry === "map") {
    expectCount(hashes.length, job.reducers, "partitions", unit);
    return cut(body, sizes, 1).map((bytes, partition) => ({
      level: partition,
      index: unit.lo,
      hash: hashes[partition]!,
      fuel: partition === 0 ? header.fuel : 0,
      body: bytes,
      ...(partition === 0 && header.anyCount === true && { anyCount: true }),
    }));
  }
  if (entry === "merge" || (kind === "iterate" && entry === "map")) {
    const partials = header.partials ?? [];
    expectCount(hashes.length, partials.length, "partials", unit);
    return partialOutputs(partials, hashes, cut(body, sizes, 0));
  }
  if (entry === "round") {
    const { state, partials = [] } = header;
    const count = 1 + partials.length;
    if (!state) throw new GridError("bad-output", "the reply has no state", { entry });
    expectCount(hashes.length, count, "outputs", unit);
    const [first, ...rest] = cut(body, sizes, 0);
    const output = { level: 0, index: 0, hash: hashes[0]!, fuel: state.fuel, body: first! };
    return [output, ...partialOutputs(partials, hashes.slice(1), rest)];
  }
  expectCount(hashes.length, 1, "output", unit);
  const anyCount = header.anyCount === true && { anyCount: true };
  return [{ level: 0, index: unit.lo, hash: hashes[0]!, fuel: header.fuel, body, ...anyCount }];
}

function partialOutputs(
  partials: NonNullable<GuestReply["partials"]>,
  hashes: readonly string[],
  bodies: readonly Uint8Array[],
): UnitOutput[] {
  return bodies.map((body, i) => {
    const { level, index, fuel } = partials[i]!;
    return { level, index, hash: hashes[i]!, fuel, body };
  });
}

function expectCount(actual: number, wanted: number, what: string, unit: Unit): void {
  if (actual === wanted && wanted > 0) return;
  throw new GridError("bad-output", `the reply has ${actual} ${what} instead of ${wanted}`, {
    entry: unit.request.entry,
    task: unit.lo,
  });
}

/** Views on consecutive pieces with `gap` bytes between them. */
function cut(body: Uint8Array, sizes: readonly number[], gap: number): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    const piece = body.subarray(at, at + size);
    at += size + gap;
    return piece;
  });
}

/** A guest's error as it is reported. Positions and stack are the bundle's; the platform maps them to the source. */
export function guestErrorBody(error: GuestError): ErrorBody {
  const { code, name, message, stack, entry, task, record, shard, hint } = error;
  return {
    code,
    message,
    details: {
      name,
      ...(stack !== undefined && { frames: stack.split("\n") }),
      ...(entry !== undefined && { entry }),
      ...(task !== undefined && { task }),
      ...(record !== undefined && { record }),
      ...(shard !== undefined && { shard }),
      ...(hint !== undefined && { hint }),
    },
  };
}

/** Any error as it may cross the socket. */
export function errorBodyOf(error: unknown): ErrorBody {
  if (error instanceof GridError) return error.toBody();
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
