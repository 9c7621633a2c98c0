import { pipeFrameBytesMax } from "../protocol/limits.ts";

/**
 * What the parent says to the executor's child, in frames of protocol/frames.ts. The child works through them in order
 * and answers none but `describe` and `run`; `seq` counts up by one with each message.
 */
export type ToExecutor =
  /** Payload 0: the bundle, UTF-8. Compiled and evaluated at once; a fault is told to the first who asks for more. */
  | { type: "open"; seq: number; bundle: string; memoryMb: number; timeoutMs: number }
  /** Payload 0: the blob. `meta` is JSON, passed on as it is; `text` says that the guest wants a string. */
  | { type: "load"; seq: number; bundle: string; key: string; meta: string; text: boolean }
  | { type: "evict"; seq: number; bundle: string; key: string }
  | { type: "close"; seq: number; bundle: string }
  | { type: "describe"; seq: number; bundle: string; timeoutMs: number }
  | RunMessage;

/**
 * Part of a run. Payload 0 is text: the JSON of `jobs` jobs, one a line, then one line per request: its JSON without
 * the job and without the opening brace, so that the child joins the two without parsing either.
 * Payload 1, when `data` is there: the data of all requests, concatenated; `data` holds each one's length, -1 for none.
 */
export interface RunMessage {
  type: "run";
  seq: number;
  /** Parts of one run share this number; after a guest's error the child skips the parts that are left. */
  run: number;
  bundle: string;
  timeoutMs: number;
  jobs: number;
  /** One letter per request, see `requestShape`. */
  shapes: string;
  /** Index of each request's job; absent when all are of job 0. */
  of?: number[];
  data?: number[];
}

/**
 * What the child must know of a request without parsing it: "m" a map over one slice (answers lines when the function
 * is a mapReduce), "t" its data is text, "b" its data, if any, is binary.
 */
export type RequestShape = "m" | "t" | "b";

/** A part of a run carries at most this many requests, and ends once it holds this many bytes. */
export const runPartRequestsMax = 512;
export const runPartBytesMax = pipeFrameBytesMax / 4;
