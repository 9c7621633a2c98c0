import type { ErrorBody } from "../protocol/errors.ts";
import { logLineCharsMax, logLinesPerTaskMax } from "../protocol/limits.ts";
import type { ExecutorReply } from "../sandbox/port.ts";
import type { JobContext } from "./job-context.ts";
import type { RunMessage } from "./messages.ts";
import { outputsOf } from "./outputs.ts";
import type { Report } from "./results.ts";
import type { Unit } from "./units.ts";
import { learnMs, type Work } from "./work.ts";

/** A lease as work for a slot: replies become results, and how long tasks take is learnt from them. */
export class LeaseWork implements Work {
  readonly id: string;
  readonly owner: string;
  readonly bundle: string;
  readonly source: Buffer;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly blobToken: string;
  readonly urgent = false;
  readonly keepsShards: boolean;
  readonly constants: Work["constants"];
  readonly requestBytes: number;
  readonly units: readonly Unit[];
  readonly held = new Map<string, Uint8Array>();
  readonly fetching = new Set<string>();
  readonly lost = new Map<string, ErrorBody>();
  readonly run: RunMessage;
  readonly context: JobContext;
  next = 0;
  ended = false;
  slot: Work["slot"] = undefined;
  readonly #report: Report;
  /** Weight of the units from each index to the end. */
  readonly #weightFrom: Float64Array;

  constructor(
    run: RunMessage,
    context: JobContext,
    source: Buffer,
    units: readonly Unit[],
    report: Report,
  ) {
    const { job } = context;
    this.id = run.lease;
    this.owner = job.owner;
    this.bundle = job.bundle;
    this.source = source;
    this.memoryMb = job.limits.memoryMb;
    this.timeoutMs = job.limits.timeoutMs;
    this.blobToken = job.blobToken;
    this.keepsShards = job.kind === "iterate";
    this.constants = context.constants;
    this.requestBytes = context.guestBytes;
    this.units = units;
    this.run = run;
    this.context = context;
    this.#report = report;
    this.#weightFrom = new Float64Array(units.length + 1);
    for (let i = units.length - 1; i >= 0; i--)
      this.#weightFrom[i] = this.#weightFrom[i + 1]! + units[i]!.weight;
  }

  expectedMs(unit: Unit): number | undefined {
    const each = this.context.weightMs.get(this.run.entry);
    return each === undefined ? undefined : each * unit.weight;
  }

  backlogMs(): number | undefined {
    const each = this.context.weightMs.get(this.run.entry);
    return each === undefined ? undefined : each * this.#weightFrom[this.next]!;
  }

  answered(unit: Unit, reply: ExecutorReply): void {
    const { weightMs } = this.context;
    const { entry } = this.run;
    weightMs.set(entry, learnMs(weightMs.get(entry), reply.ms / unit.weight));
    const outputs = outputsOf(unit, this.context.job.kind, reply);
    if (unit === this.units.at(-1)) this.ended = true;
    this.#report.add({
      lo: unit.lo,
      hi: unit.hi,
      outputs,
      control: reply.header.control,
      logs: boundedLogs(reply.header.logs, unit),
      ms: reply.ms,
    });
  }

  failed(unit: Unit, error: ErrorBody, _fuel: number): void {
    if (this.ended) return;
    this.ended = true;
    const task = error.details?.task;
    const at = task !== undefined && task >= unit.lo && task < unit.hi ? task : unit.lo;
    const { entry } = this.run;
    // An iterative map is answered as a whole: nothing of it was answered, whichever of its tasks failed.
    this.#report.fail(unit.hi - unit.lo > 1 ? unit.lo : at, {
      ...error,
      details: { entry, task: at, ...error.details },
    });
  }

  cancel(): void {
    this.ended = true;
    this.#report.cancel();
  }

  /** Results so far count, the rest goes back. */
  release(): void {
    if (this.ended) return;
    this.ended = true;
    this.#report.release();
  }
}

export function boundedLogs(
  lines: readonly string[] | undefined,
  unit: Unit,
): { task: number; line: string }[] | undefined {
  if (!lines || lines.length === 0) return undefined;
  return lines
    .slice(0, logLinesPerTaskMax * (unit.hi - unit.lo))
    .map((line) => ({ task: unit.lo, line: line.slice(0, logLineCharsMax) }));
}
