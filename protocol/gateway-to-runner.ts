import type { GuestJob } from "./guest.ts";
import type { Constant, Entry, JobLimits, Kind, OutputFormat } from "./job.ts";
import type { DatasetFormat } from "./manifest.ts";
import type { Tasking } from "./tasking.ts";

/** What a runner must know of a job before its first lease; sent once a session and job. */
export interface RunnerJob {
  id: string;
  owner: string;
  /** The function's name, for the machine's owner to see. */
  function?: string;
  kind: Kind;
  bundle: string;
  /** Absent for a range. */
  manifest?: { digest: string; format: DatasetFormat };
  guest: Omit<GuestJob, "shardCount" | "uses"> & { shardCount: number };
  uses: Record<string, Constant>;
  limits: JobLimits;
  output: OutputFormat;
  /** Presented as a bearer token with every blob request for this job. */
  blobToken: string;
}

export type GatewayToRunner =
  /** Answers hello. */
  | {
      type: "welcome";
      session: string;
      runner: string;
      leaseMs: number;
      heartbeatMs: number;
      inlineBytesMax: number;
      /** Messages beyond the first release of this protocol version that the gateway takes; absent: none. */
      understands?: readonly "offer"[];
    }
  | { type: "refused"; code: string; message: string }
  | { type: "job"; job: RunnerJob }
  /** The job ended or was cancelled: drop its leases, its isolates' shards and its context. */
  | { type: "forget"; job: string }
  /**
   * Run tasks [lo, hi) of a stage, in order. Inputs by entry (see GuestRequest):
   * - map of an iterate, finish: payload 0 is the state, or `stateDigest` names it
   * - reduce, merge, step: `partials` lists the inputs in order; those with `inline` are the next payloads in turn,
   *   the others are blobs named by `hash`. For several reduce or merge tasks, `task` says whose input it is.
   * - step: payload 0 is the state (or `stateDigest`), then the inline partials
   */
  | {
      type: "run";
      lease: string;
      job: string;
      stage: number;
      round: number;
      entry: Entry;
      lo: number;
      hi: number;
      tasking?: Tasking;
      leaves?: number;
      level?: number;
      stateDigest?: string;
      hasState?: boolean;
      partials?: RunPartial[];
      /** The job's parameters after so many changes of them, instead of those that came with the job. */
      changed?: ChangedParams;
      /**
       * The lease holds a whole round of an iterate: do its step as well, answer with `round`, and go on with the next
       * round, until the function is done, or after round `roundsMax`, or as `yield` says. After round `until` the lease
       * is handed back.
       */
      follow?: { roundsMax: number; until?: number };
    }
  /** For a lease that follows its job: the next round that it begins uses these. */
  | { type: "params"; lease: string; changed: ChangedParams }
  /** Leases that follow their job: end the round under way, answer it, and hand the lease back. */
  | { type: "yield"; leases: string[] }
  | { type: "cancel"; leases: string[] }
  /**
   * A synchronous invoke: payload 0 is the input as JSON text; payload 1, if there is one, the bundle. With entry
   * "finish", payload 0 is a state of an iterate, and the answer what the function makes of it.
   */
  | {
      type: "call";
      entry?: "finish";
      call: string;
      owner: string;
      /** The function's name, for the machine's owner to see. */
      function?: string;
      bundle: string;
      guest: GuestJob;
      uses: Record<string, Constant>;
      limits: JobLimits;
      roundsMax: number;
      output: OutputFormat;
      blobToken: string;
    }
  | { type: "cancelCall"; call: string }
  /** Finish or hand back what you hold, then close. */
  | { type: "drain" };

export interface ChangedParams {
  /** How many changes led to them: more are newer. */
  changes: number;
  params: Record<string, unknown>;
}

export interface RunPartial {
  task: number;
  level: number;
  index: number;
  bytes: number;
  hash: string;
  inline: boolean;
}
