import type { Readable } from "node:stream";
import type { Digest } from "../protocol/digest.ts";
import type { ErrorBody } from "../protocol/errors.ts";
import type { Description, GuestError } from "../protocol/guest.ts";
import type { JobSpec, JobState, PauseCause } from "../protocol/job.ts";
import type { DatasetFormat, Manifest } from "../protocol/manifest.ts";
import type { Paused } from "../protocol/runner-offer.ts";

/** What the parts of the API ask of each other. Wired once in main.ts; nothing here does I/O. */

// ── api/functions ────────────────────────────────────────────────────────────────────────────────────────────────

export interface PublishRequest {
  name: string;
  source: string;
  /** Further files of the author, by relative path ("lib/distance.ts"); npm code as "node_modules/NAME.js". */
  files?: Record<string, string>;
}

export interface CompiledVersion {
  /** Digest of the bundle; the version's identity. */
  digest: Digest;
  /** The metered, self-contained script: text, UTF-8. */
  bundle: string;
  /** Source map from the bundle to the author's files (JSON text). Never leaves the API. */
  sourceMap: string;
  description: Description;
}

export interface Compiler {
  /**
   * Bundles, meters, inspects in a sandbox child and checks purity.
   * @throws GridError syntax-error, forbidden-import, forbidden-syntax, missing-entry, bad-definition,
   *   impure-function, source-too-large, and the function's own faults (out-of-fuel, …) when its module does not load;
   *   details.at is the author's position
   */
  compile(request: PublishRequest): Promise<CompiledVersion>;
  /** A guest's error with positions in the author's files; without a map, as it is. Pure. */
  explain(error: GuestError | ErrorBody, sourceMap: string | undefined): ErrorBody;
  close(): Promise<void>;
}

// ── api/datasets ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface IngestOptions {
  format: DatasetFormat;
  /** "identity" | "gzip" | "zstd" */
  contentEncoding?: string;
  onBadRecord: "refuse" | "skip";
  /** matrix: "csv" (default) or raw numbers; bytes: record size. */
  matrix?: { encoding: "csv" | "f64" | "f32"; columns?: number; header?: boolean | "auto" };
  recordBytes?: number;
  signal?: AbortSignal;
  /** Bytes announced by Content-Length, so that a cut-off upload is noticed. */
  expectedBytes?: number;
  onProgress?: (bytes: number, records: number) => void;
}

export interface Ingested {
  manifest: Manifest;
  /** Digest of the manifest's JSON, which is stored as a blob too: the dataset's digest. */
  digest: Digest;
  /** Bytes of all shards as stored. */
  bytes: number;
  records: number;
  skipped: number;
}

export interface DatasetIngest {
  /**
   * Cuts a stream into record-aligned shards, in constant memory, and stores them and the manifest.
   * @throws GridError malformed-record (details.line, 1-based), record-too-large, empty-dataset, upload-incomplete,
   *   unsupported-encoding, bad-request; the blobs of a refused upload stay, for the sweep of blobs to find
   */
  ingest(body: Readable | AsyncIterable<Uint8Array>, options: IngestOptions): Promise<Ingested>;
}

// ── api/jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Jobs {
  /** Plans and stores a job; its first tasks are pending when this resolves. - created; - exists (same id) */
  submit(spec: JobSpec, options?: { paused?: boolean | undefined }): Promise<"created" | "exists">;
  read(id: string): Promise<JobState | undefined>;
  /** @throws GridError not-found */
  cancel(id: string): Promise<JobState>;
  /**
   * Hands nothing more of it out; what runners are at is still taken in. A job that is paused by the same keeps its
   * reason, one that has ended stays so.
   * @param reason for people
   * @throws GridError not-found
   */
  pause(id: string, by: PauseCause, reason: string): Promise<JobState>;
  /** A job that this one paused goes on, unless it is paused by another; any other is left. @throws GridError not-found */
  resume(id: string, by: PauseCause): Promise<JobState>;
  /**
   * A job that its consumer paused does so many rounds and is paused again.
   * - resumed; - held: it is paused for its budget, too, and stays so; - already: its consumer has not paused it
   */
  step(id: string, rounds: number): Promise<"resumed" | "held" | "already">;
  /** Changes parameters from the next round on. - changed; - ended; - full: so many changes are not kept */
  changeParams(id: string, params: JobSpec["params"]): Promise<"changed" | "ended" | "full">;
  /**
   * The result as a stream of bytes: map: NDJSON lines in order · mapReduce: {"key","value"} lines merged in key order
   * · iterate: the JSON value · bytes outputs: the bytes.
   * @throws GridError not-found, result-not-ready, job-failed, job-cancelled, result-gone
   */
  result(id: string): Promise<{ contentType: string; records?: number; body: Readable }>;
  /** Why this job does not progress, for people: it is paused, or no runner that may serve it is connected. */
  waitingFor(state: JobState): string | undefined;
}

/** Whose work it is, and whose machines may do it. */
export interface ServedWork {
  owner: string;
  pool?: string | undefined;
  /** What it pays, in hundredths of the rate; 100 when absent. */
  bidHundredths?: number | undefined;
}

/** Whether a runner of this account may do this work. Asked for every job and runner: it answers from memory. */
export type MayServe = (work: ServedWork, runnerOwner: string) => boolean;

export interface CallRequest extends ServedWork {
  function: string;
  version: string;
  bundle: Digest;
  /** The input as JSON text. */
  input: string;
  /** A state of an iterate, instead of an input: it is finished. */
  state?: Uint8Array;
  params: Record<string, unknown>;
  uses: JobSpec["uses"];
  seed: number;
  limits: JobSpec["limits"];
  output: JobSpec["output"];
  roundsMax: number;
  signal?: AbortSignal;
}

export interface CallResult {
  body: Uint8Array;
  fuel: number;
  hash: Digest;
  hostClass: string;
  /** Compute time in the executor. */
  ms: number;
}

/** A call that was answered, as far as it is to be paid. */
export interface AnsweredCall extends ServedWork {
  /** Never used again, by no process: it may name the payment. */
  id: string;
  function: string;
  version: string;
  /** The account whose machine answered, and which of its machines. */
  runnerOwner: string;
  runner: string;
  fuel: number;
  /** Compute time in the executor. */
  ms: number;
}

/** How long work took on a machine, as its runner tells. */
export interface MeasuredWork {
  version: string;
  /** The account whose machine it is. */
  owner: string;
  fuel: number;
  /** Compute time. */
  ms: number;
}

// ── api/gateway ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface RunnerInfo {
  id: string;
  /** The account whose machine it is. */
  owner: string;
  session: string;
  name: string;
  version: string;
  hostClass: string;
  platform: string;
  slots: number;
  /** The multiple of the rate that it works for, in hundredths. */
  askHundredths: number;
  busy: number;
  memoryMb: number;
  connectedAtMs: number;
  /** Of this connection: tasks answered, taken but not answered, and what went wrong by the machine's own fault. */
  tasksDone: number;
  tasksLost: number;
  faults: number;
  state: "idle" | "busy" | "draining" | "paused";
  paused?: Paused | undefined;
  /** Pools that its owner has limited it to, as told and as jobs name them. */
  servesOnly?: { names: readonly string[]; pools: ReadonlySet<string> } | undefined;
  /** Percent of one core, as the runner tells. */
  cpu?: number;
  rssMb?: number;
}

/** What a runner may do with blobs, by the work that it holds now. */
export interface BlobGrant {
  mayRead(digest: Digest): Promise<boolean>;
  mayStore(): boolean;
  /** It has stored this: it may name it as its output. */
  stored(digest: Digest): void;
}

/** A runner at work on a job. */
export interface JobWorker {
  session: string;
  /** Its installation. */
  runner: string;
  name: string;
  owner: string;
  leases: number;
  /** Tasks that it holds and has not answered. */
  tasks: number;
  /** It does whole rounds by itself. */
  follows: boolean;
}

export interface Gateway {
  /**
   * The direct path of a small synchronous invoke: one trip to one warm executor; waits for a slot in a bounded queue.
   * @throws GridError no-runner (none that may answer it is connected), queue-full, task-lost, or the function's own error
   */
  call(request: CallRequest): Promise<CallResult>;
  runners(): RunnerInfo[];
  /** Whether a runner of this account is connected and not paused. */
  lends(account: string): boolean;
  /** Runners here that work on a job now. */
  workersOn(job: string): JobWorker[];
  /** Tasks of a job that runners here hold and have not answered; copies of stragglers do not count. */
  tasksUnderWay(job: string): number;
  /** What a blob token opens; undefined when it is of no runner that is connected. */
  blobGrant(token: string): BlobGrant | undefined;
  close(): Promise<void>;
}
