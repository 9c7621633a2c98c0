import type { Digest } from "../../protocol/digest.ts";
import type { Output } from "../../protocol/job.ts";

/** The result of one task as it is remembered. */
export interface Memo {
  /** Names the task within its family (api/memo/names.ts): no spaces. */
  task: string;
  /** The account whose machine computed it: no spaces. */
  by: string;
  /** Of index 0. Small ones inline; the others are blobs. Fuel is in them. */
  outputs: readonly Output[];
}

/**
 * Results that are remembered beyond their job, so that the same task is not computed again. They belong to an owner;
 * those that one run over one dataset may ask for together are a family. It is a cache: whatever it forgets is computed
 * again. What it answers names blobs that may be gone.
 */
export interface MemoStore {
  /**
   * Remembers results, in place of what was remembered of the same tasks; but what the owner's own machines computed
   * stays when the new one is another's. Over `bytesMax`, what the owner has used the longest ago goes.
   */
  put(
    owner: string,
    family: Digest,
    memos: readonly Memo[],
    limits: { nowMs: number; bytesMax: number },
  ): Promise<void>;
  /** All of a family, in batches of no order. */
  read(owner: string, family: Digest): AsyncIterable<Memo[]>;
  /** They were used now. Those that are not there are ignored. */
  used(owner: string, family: Digest, tasks: readonly string[], nowMs: number): Promise<void>;
  /**
   * Forgets what was not used since `usedSinceMs`, and what has been used the longest ago while all owners together have
   * more than `bytesMax`: roughly, as owners are looked at in turn. Returns how many were forgotten.
   */
  trim(limits: { usedSinceMs: number; bytesMax: number }): Promise<number>;
  /**
   * Digests of the blobs that remembered results name, in batches, with repeats. What was remembered when this began and
   * still is when it ends is in it.
   * @throws GridError store-unavailable when it cannot be known that the list is whole
   */
  blobs(): AsyncIterable<Digest[]>;
}

/** What an entry weighs besides its outputs, and each output besides its bytes. */
const bytesAround = 200;

/** Bytes that a remembered result counts for. */
export function weightOf({ outputs }: Memo): number {
  return outputs.reduce((sum, { bytes }) => sum + bytes + bytesAround, bytesAround);
}
