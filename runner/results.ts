import type { ErrorBody } from "../protocol/errors.ts";
import type { Control } from "../protocol/job.ts";
import { frameBytesMax } from "../protocol/limits.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import { errorBodyOf, type UnitOutput } from "./outputs.ts";

export type ResultMessage = Extract<RunnerToGateway, { type: "result" }>;

/** How results leave. */
export interface ResultLink {
  readonly inlineBytesMax: number;
  send(message: RunnerToGateway, payloads?: Uint8Array[]): void;
  put(digest: string, bytes: Uint8Array): Promise<void>;
}

export interface UnitResult {
  lo: number;
  hi: number;
  outputs: readonly UnitOutput[];
  control?: Control | undefined;
  logs?: readonly { task: number; line: string }[] | undefined;
  ms: number;
}

/** What a lease's work tells of itself, in order of its units; one thing ends it. */
export interface Report {
  add(result: UnitResult): void;
  /** After the results of the tasks before `at`. */
  fail(at: number, error: ErrorBody): void;
  /** Hands back what was not answered. */
  release(): void;
  /** Nothing is said any more. */
  cancel(): void;
}

/** A long lease of tiny tasks reports every so often, so that others see progress and little is lost with it. */
const flushMs = 20;
const flushBytes = 256 * 1024;
/** Inline bytes of one unit's outputs: the rest of them go as blobs, so that a result always fits a frame. */
const unitInlineBytesMax = frameBytesMax / 4;

/**
 * Reports one lease: results in order, batched, and at last what ended it. Outputs that go as blobs are stored before
 * the message that names them, and later messages wait for it.
 */
export class LeaseReport implements Report {
  readonly #lease: string;
  readonly #hi: number;
  readonly #link: ResultLink;
  readonly #onEnd: () => void;
  #pending: Pending | undefined;
  /** Resolves when all before it was sent; undefined when nothing is being stored. */
  #tail: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /** @param onEnd called once, when the last message about the lease was sent, or it was cancelled */
  constructor(lease: string, hi: number, link: ResultLink, onEnd: () => void) {
    this.#lease = lease;
    this.#hi = hi;
    this.#link = link;
    this.#onEnd = onEnd;
  }

  add(result: UnitResult): void {
    if (this.#ended) return;
    const pending = this.#pending ?? newPending(this.#lease, result.lo);
    this.#pending = pending;
    addTo(pending, result, this.#link);
    if (result.hi === this.#hi) this.#end([]);
    else if (pending.bytes >= flushBytes) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), flushMs);
  }

  fail(at: number, error: ErrorBody): void {
    this.#end([{ type: "failed", lease: this.#lease, at, error }]);
  }

  release(): void {
    this.#end([{ type: "released", leases: [this.#lease] }]);
  }

  cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#pending = undefined;
    this.#onEnd();
  }

  #end(last: RunnerToGateway[]): void {
    if (this.#ended) return;
    this.#flush();
    const finish = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      for (const message of last) this.#link.send(message);
      this.#onEnd();
    };
    if (this.#tail) void this.#tail.then(finish);
    else finish();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const { message, payloads, blobs } = pending;
    if (!this.#tail && blobs.length === 0) {
      this.#link.send(message, payloads);
      return;
    }
    const stored = Promise.all(blobs.map(({ hash, body }) => this.#link.put(hash, body)));
    const before = this.#tail ?? Promise.resolve();
    const tail = Promise.all([before, stored]).then(
      () => {
        if (!this.#ended) this.#link.send(message, payloads);
        if (this.#tail === tail) this.#tail = undefined;
      },
      (error: unknown) => {
        if (this.#ended) return;
        this.#ended = true;
        const at = message.lo;
        this.#link.send({ type: "failed", lease: this.#lease, at, error: errorBodyOf(error) });
        this.#onEnd();
      },
    );
    this.#tail = tail;
  }
}

interface Pending {
  message: ResultMessage;
  payloads: Uint8Array[];
  blobs: UnitOutput[];
  bytes: number;
}

function newPending(lease: string, lo: number): Pending {
  const message: ResultMessage = { type: "result", lease, lo, hi: lo, outputs: [], ms: 0 };
  return { message, payloads: [], blobs: [], bytes: 0 };
}

function addTo(pending: Pending, result: UnitResult, { inlineBytesMax }: ResultLink): void {
  const { message, payloads, blobs } = pending;
  let unitInlineBytes = 0;
  for (const output of result.outputs) {
    const { level, index, hash, fuel, body, anyCount } = output;
    const bytes = body.byteLength;
    const inline = bytes <= inlineBytesMax && unitInlineBytes + bytes <= unitInlineBytesMax;
    message.outputs.push({
      level,
      index,
      bytes,
      hash,
      fuel,
      inline,
      ...(anyCount === true && { anyCount }),
    });
    if (inline) {
      payloads.push(body);
      unitInlineBytes += bytes;
    } else blobs.push(output);
  }
  // Headers count too: ten thousand empty outputs are a large message.
  pending.bytes += unitInlineBytes + result.outputs.length * 150;
  message.hi = result.hi;
  message.ms += result.ms;
  if (result.control) message.control = result.control;
  if (result.logs?.length) message.logs = [...(message.logs ?? []), ...result.logs];
}
