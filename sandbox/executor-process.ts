import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { GridError } from "../protocol/errors.ts";
import { decodeFrame, type PipeFrameReader } from "../protocol/frames.ts";
import type { ConstantMeta, ShardMeta } from "../protocol/guest.ts";
import { pipeFrameBytesMax } from "../protocol/limits.ts";
import { exitReason } from "./exit-reason.ts";
import type { ToExecutor } from "./messages-in.ts";
import { Operations, type PendingRun } from "./operations.ts";
import type { FilledExecutorOptions } from "./options.ts";
import { pipeFrameParts } from "./pipe.ts";
import type { Executor, ExecutorReply, ExecutorRequest } from "./port.ts";
import { type RequestPart, requestParts } from "./request-parts.ts";
import { type AnswerSink, takeAnswer } from "./take-answer.ts";
import { Watchdog } from "./watchdog.ts";

/** Diagnostics of a dying V8 fit in this; the last characters are kept. */
const stderrCharsMax = 8 * 1024;
const textFormats: ReadonlySet<string> = new Set(["lines", "text", "csv", "ndjson"]);

/** The parent's end of one child process: see Executor in port.ts. */
export class ExecutorProcess implements Executor {
  readonly pid: number;
  readonly exited: Promise<void>;
  readonly v8: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #options: FilledExecutorOptions;
  readonly #operations = new Operations();
  readonly #bundles = new Map<string, { memoryMb: number; resident: Set<string> }>();
  readonly #watchdog: Watchdog;
  #seq = 0;
  #runs = 0;
  #corked = false;
  #stderr = "";
  /** Why it is gone or going. */
  #end: GridError | undefined;

  /** @param ready what the child said first, and the reader that may hold the beginning of what it says next */
  constructor(
    child: ChildProcessWithoutNullStreams,
    options: FilledExecutorOptions,
    ready: { v8: string; reader: PipeFrameReader },
  ) {
    this.#child = child;
    this.#options = options;
    this.pid = child.pid!;
    this.v8 = ready.v8;
    this.#watchdog = new Watchdog(this.pid, options, this.#operations, {
      memoryMbMax: () => this.#memoryMbMax(),
      kill: (reason) => this.kill(reason),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.exited = promise;
    child.on("close", (exitCode, signal) => {
      const facts = { exitCode, signal, peakMb: this.#watchdog.peakMb, stderr: this.#stderr };
      this.#finish(exitReason({ ...facts, memoryMbMax: this.#memoryMbMax() }));
      resolve();
    });
    // A broken pipe is told by the exit that follows.
    child.stdin.on("error", () => {});
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrCharsMax);
    });
    child.stdout.on("data", (chunk: Buffer) => this.#receive(ready.reader, chunk));
  }

  /** Whether it may be asked for anything: false from the moment it is killed. */
  get alive(): boolean {
    return this.#end === undefined;
  }

  open(bundle: string, source: string | Buffer, { memoryMb }: { memoryMb: number }): void {
    if (this.#end || this.#bundles.has(bundle)) return;
    this.#bundles.set(bundle, { memoryMb, resident: new Set() });
    const timeoutMs = this.#options.openTimeoutMs;
    this.#post({ type: "open", seq: this.#nextSeq(timeoutMs), bundle, memoryMb, timeoutMs }, [
      [typeof source === "string" ? Buffer.from(source) : source],
    ]);
  }

  isOpen(bundle: string): boolean {
    return !this.#end && this.#bundles.has(bundle);
  }

  load(bundle: string, key: string, meta: ShardMeta | ConstantMeta, bytes: Uint8Array): void {
    if (this.#end) return;
    const open = this.#bundle(bundle);
    if (open.resident.has(key)) return;
    this.#refuseWhenFull(bytes.byteLength);
    open.resident.add(key);
    const seq = this.#nextSeq(this.#options.openTimeoutMs);
    const text = meta.type !== "shard" || textFormats.has(meta.format);
    this.#post({ type: "load", seq, bundle, key, meta: JSON.stringify(meta), text }, [[bytes]]);
  }

  isResident(bundle: string, key: string): boolean {
    return !this.#end && (this.#bundles.get(bundle)?.resident.has(key) ?? false);
  }

  evict(bundle: string, key: string): void {
    if (this.#end || !this.#bundles.get(bundle)?.resident.delete(key)) return;
    this.#post({ type: "evict", seq: this.#nextSeq(this.#options.openTimeoutMs), bundle, key });
  }

  close(bundle: string): void {
    if (this.#end || !this.#bundles.delete(bundle)) return;
    this.#post({ type: "close", seq: this.#nextSeq(this.#options.openTimeoutMs), bundle });
  }

  async describe(bundle: string, { timeoutMs }: { timeoutMs: number }): Promise<string> {
    if (this.#end) throw this.#end;
    this.#bundle(bundle);
    return await new Promise((resolve, reject) => {
      const seq = this.#nextSeq(timeoutMs, { type: "describe", resolve, reject });
      this.#post({ type: "describe", seq, bundle, timeoutMs });
    });
  }

  /** An abort kills the process, unless the run has ended: a guest cannot be stopped in any other way. */
  async run(
    bundle: string,
    requests: readonly ExecutorRequest[],
    options: {
      timeoutMs: number;
      onReply: (index: number, reply: ExecutorReply) => void;
      signal?: AbortSignal;
    },
  ): Promise<void> {
    const { signal, timeoutMs } = options;
    signal?.throwIfAborted();
    if (this.#end) throw this.#end;
    this.#bundle(bundle);
    if (requests.length === 0) return;
    this.#refuseWhenFull(requests.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0));
    const run = this.#runs;
    this.#runs += 1;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const pending: PendingRun = {
      left: requests.length,
      settled: false,
      onReply: options.onReply,
      resolve: () => settle(resolve),
      reject: (error) => settle(() => reject(error)),
    };
    const abort = () => {
      pending.reject(signal?.reason);
      this.kill(new GridError("task-lost", "the executor was stopped with a cancelled run"));
    };
    const settle = (how: () => void) => {
      if (pending.settled) return;
      pending.settled = true;
      signal?.removeEventListener("abort", abort);
      how();
    };
    signal?.addEventListener("abort", abort, { once: true });
    for (const part of requestParts(requests))
      this.#postPart(part, { run, bundle, timeoutMs, pending });
    return await promise;
  }

  kill(reason: GridError): void {
    if (this.#end) return;
    this.#child.kill("SIGKILL");
    this.#finish(reason);
  }

  #finish(reason: GridError): void {
    if (this.#end) return;
    this.#end = reason;
    this.#watchdog.stop();
    this.#bundles.clear();
    this.#operations.rejectAll(reason);
  }

  #postPart(
    { first, count, fields, payloads }: RequestPart,
    about: { run: number; bundle: string; timeoutMs: number; pending: PendingRun },
  ): void {
    const { run, bundle, timeoutMs, pending } = about;
    const bytes = payloads.flat().reduce((sum, part) => sum + part.byteLength, 0);
    if (bytes > pipeFrameBytesMax - 1024 * 1024) {
      pending.reject(
        new GridError("wrong-input", `a task's input of ${bytes} bytes is too large`, {
          limit: pipeFrameBytesMax,
        }),
      );
      return;
    }
    const answer = { type: "part" as const, run: pending, first, replied: 0, count };
    const seq = this.#nextSeq(timeoutMs, answer);
    this.#post({ type: "run", seq, run, bundle, timeoutMs, ...fields }, payloads);
  }

  #nextSeq(timeoutMs: number, answer?: Parameters<Operations["push"]>[0]["answer"]): number {
    this.#seq += 1;
    const allowanceMs = timeoutMs + this.#options.graceMs;
    const operation = { seq: this.#seq, allowanceMs, ...(answer && { answer }) };
    this.#operations.push(operation, performance.now());
    this.#watchdog.wake();
    return this.#seq;
  }

  #post(message: ToExecutor, payloads: Uint8Array[][] = []): void {
    const { stdin } = this.#child;
    // What is said in one turn of the event loop leaves with one system call.
    if (!this.#corked) {
      this.#corked = true;
      stdin.cork();
      process.nextTick(() => {
        this.#corked = false;
        stdin.uncork();
      });
    }
    for (const part of pipeFrameParts({ message, payloads })) stdin.write(part);
  }

  #receive(reader: PipeFrameReader, chunk: Buffer): void {
    if (this.#end) return;
    const sink: AnswerSink = {
      operations: this.#operations,
      fail: (reason) => this.kill(reason),
    };
    try {
      reader.push(chunk, (frame) => {
        this.#operations.heard(performance.now());
        for (const envelope of decodeFrame(frame)) if (!this.#end) takeAnswer(envelope, sink);
      });
    } catch (cause) {
      this.kill(
        new GridError("runner-fault", "the executor's child broke the protocol", {}, { cause }),
      );
    }
  }

  #bundle(name: string): { resident: Set<string> } {
    const bundle = this.#bundles.get(name);
    if (!bundle) throw new GridError("internal", `the bundle ${name} is not open in this executor`);
    return bundle;
  }

  #refuseWhenFull(bytes: number): void {
    const waiting = this.#child.stdin.writableLength;
    if (waiting > 0 && waiting + bytes > this.#options.pipeBytesMax)
      throw new GridError("queue-full", "too much waits to be written to the executor");
  }

  #memoryMbMax(): number {
    let sum = 0;
    let largest = 0;
    for (const { memoryMb } of this.#bundles.values()) {
      sum += memoryMb;
      largest = Math.max(largest, memoryMb);
    }
    const { memoryFactor, memoryBaseMb } = this.#options;
    return memoryFactor * largest + (sum - largest) + memoryBaseMb;
  }
}
