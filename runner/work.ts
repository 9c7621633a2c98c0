import type { ErrorBody } from "../protocol/errors.ts";
import type { ExecutorReply } from "../sandbox/port.ts";
import type { LoadRef } from "./job-context.ts";
import type { Unit } from "./units.ts";

/**
 * Something an executor slot works off, unit by unit, in order: a lease, or a synchronous call (one unit).
 *
 *   queued → sending (0 < next, units on the executor's pipe) → ended
 *
 * A unit that was sent but not answered, because the executor died under another unit, is sent again: `next` goes back.
 */
export interface Work {
  readonly id: string;
  readonly owner: string;
  readonly bundle: string;
  readonly source: Buffer;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly blobToken: string;
  /** A call: goes before leases, and shares a trip with others of its bundle. */
  readonly urgent: boolean;
  /** Iterative jobs come back to the same shards every round; the others pass once. */
  readonly keepsShards: boolean;
  readonly constants: readonly LoadRef[];
  /** Bytes that each request takes on the pipe besides its data. */
  readonly requestBytes: number;
  readonly units: readonly Unit[];
  /** Index of the first unit that is not on the pipe. */
  next: number;
  /** Nothing more is to be done or said. */
  ended: boolean;
  /** Blobs fetched for units that are still to be sent, by digest. */
  readonly held: Map<string, Uint8Array>;
  readonly fetching: Set<string>;
  /** Blobs that could not be had, by digest: the first unit that needs one fails, once it is its turn. */
  readonly lost: Map<string, ErrorBody>;
  /** Where it is queued. */
  slot: { pump(): void; drop(): void } | undefined;
  /** Compute time of a unit, ms, as far as is known. */
  expectedMs(unit: Unit): number | undefined;
  /** Compute time of what is still to be sent, ms, as far as is known. */
  backlogMs(): number | undefined;
  /** In order of units. Sets `ended` with the last. */
  answered(unit: Unit, reply: ExecutorReply): void;
  /** Sets `ended`. */
  failed(unit: Unit, error: ErrorBody, fuel: number): void;
}

/** Takes in a measured compute time. Follows a change within a few tasks, and is not thrown off by one slow task. */
export function learnMs(former: number | undefined, measuredMs: number): number {
  return former === undefined ? measuredMs : former + (measuredMs - former) * 0.25;
}
