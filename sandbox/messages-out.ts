import type { ErrorCode } from "../protocol/errors.ts";
import type { GuestReply } from "../protocol/guest.ts";

/**
 * What the executor's child says to its parent. The parent checks every field: a guest that broke out of its isolate
 * could write here.
 */
export type FromExecutor =
  /** The first message. */
  | { type: "ready"; v8: string; arch: string }
  /**
   * Everything up to `seq` is done. Sent before beginning with what the parent awaits, when there is nothing more to
   * do, and in a long row of others every `ackAfterMs`.
   */
  | { type: "done"; seq: number }
  /** Payload 0: the guest's description, UTF-8. */
  | { type: "described"; seq: number }
  /**
   * Replies to the requests of one run part, in order, from its request `first` on. Payload 0: their bodies,
   * concatenated; `lengths` cuts it. `end` is set with the last ones of the part.
   */
  | {
      type: "replies";
      seq: number;
      first: number;
      headers: GuestReply[];
      hashes: string[][];
      sizes: number[][];
      lengths: number[];
      ms: number[];
      end?: true;
    }
  /** `describe` or `run` could not be carried out. After a `fatal` one the process is of no further use. */
  | {
      type: "failed";
      seq: number;
      code: ErrorCode;
      name: string;
      message: string;
      stack?: string;
      fatal: boolean;
    };

/** Replies are gathered into one message until it is this old or this large, or the part ends. */
export const flushAfterMs = 2;
export const flushBytesMax = 256 * 1024;

export const ackAfterMs = 100;
