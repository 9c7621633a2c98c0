import type { GridError } from "../protocol/errors.ts";
import { ackAfterMs } from "./messages-out.ts";
import type { ExecutorReply } from "./port.ts";

/**
 * What the child has been told and has not answered, oldest first. The child works strictly in order, so an answer to
 * one message says that all before it are done.
 */
export interface Operation {
  seq: number;
  /** How long the child may stay silent over it. */
  allowanceMs: number;
  /** Absent: nobody waits for it (open, load, evict, close). */
  answer?: DescribeAnswer | RunPartAnswer;
}

export interface DescribeAnswer {
  type: "describe";
  resolve: (description: string) => void;
  reject: (error: unknown) => void;
}

export interface RunPartAnswer {
  type: "part";
  run: PendingRun;
  /** Index of the part's first request in its run; replies that came so far; requests. */
  first: number;
  replied: number;
  count: number;
}

export interface PendingRun {
  /** Requests that have no reply yet. */
  left: number;
  settled: boolean;
  onReply: (index: number, reply: ExecutorReply) => void;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export class Operations {
  #queue: Operation[] = [];
  #head = 0;
  /** When the child last said something, or was given work after having none. */
  #heardAtMs = 0;

  get busy(): boolean {
    return this.#head < this.#queue.length;
  }

  push(operation: Operation, nowMs: number): void {
    if (!this.busy) this.#heardAtMs = nowMs;
    this.#queue.push(operation);
  }

  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** The operation that `seq` answers, if it may do so now: nothing that waits for an answer of its own precedes it. */
  find(seq: number): Operation | undefined {
    for (let at = this.#head; at < this.#queue.length; at += 1) {
      const operation = this.#queue[at]!;
      if (operation.seq === seq) return operation;
      if (isAwaited(operation)) return undefined;
    }
    return undefined;
  }

  /** Forgets everything up to `seq`. */
  done(seq: number): void {
    while (this.#head < this.#queue.length && this.#queue[this.#head]!.seq <= seq) this.#head += 1;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /**
   * How long the child is past what it may take until its next sign of life, in ms; negative while it is within.
   * Before it begins with what is awaited, and between others at least every `ackAfterMs`, it tells how far it has come.
   */
  overdueMs(nowMs: number): number {
    let allowanceMs = 0;
    for (let at = this.#head; at < this.#queue.length; at += 1) {
      const operation = this.#queue[at]!;
      if (isAwaited(operation)) {
        if (at === this.#head) allowanceMs = operation.allowanceMs;
        break;
      }
      allowanceMs = Math.max(allowanceMs, operation.allowanceMs + ackAfterMs);
    }
    return nowMs - this.#heardAtMs - allowanceMs;
  }

  rejectAll(error: GridError): void {
    const queue = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const { answer } of queue) {
      if (answer?.type === "describe") answer.reject(error);
      else if (answer?.type === "part") answer.run.reject(error);
    }
  }
}

function isAwaited({ answer }: Operation): boolean {
  // After a guest's error the child passes over what is left of the run, without a word.
  return answer !== undefined && !(answer.type === "part" && answer.run.settled);
}
