import { digestOf } from "../protocol/digest.ts";
import type { RunnerJob } from "../protocol/gateway-to-runner.ts";
import type { ConstantMeta, GuestJob, ShardMeta } from "../protocol/guest.ts";
import type { Constant, Entry } from "../protocol/job.ts";
import type { Manifest, Shard } from "../protocol/manifest.ts";
import { type Tasking, TaskTable } from "../protocol/tasking.ts";

/** A blob that must be resident in the isolate before a guest call: the key it is loaded under, and how to read it. */
export interface LoadRef {
  key: string;
  meta: ShardMeta | ConstantMeta;
  /** Absent when the bytes are empty: a dataset constant is nothing but a list of its shards' keys. */
  digest?: string;
  bytes: number;
}

/** Everything a runner knows of a job while it may get leases of it. */
export interface JobContext {
  job: RunnerJob;
  guest: GuestJob;
  manifest: Manifest | undefined;
  /** Shards by index; empty for a range. */
  shards: readonly LoadRef[];
  constants: readonly LoadRef[];
  /** Bytes that the job's part of every request takes on the pipe. */
  guestBytes: number;
  /** Expected compute time of a unit of weight 1, ms, by entry; learnt. */
  weightMs: Map<Entry, number>;
  taskTable(tasking: Tasking): TaskTable;
}

/**
 * The digest alone does not say how a blob is decoded: two datasets may share a shard and differ in their columns. So
 * the key carries a digest of what else decoding depends on.
 */
export function keyOf(digest: string, meta: ShardMeta | ConstantMeta): string {
  return `${digest}.${digestOf(JSON.stringify(meta)).slice(0, 12)}`;
}

export function shardRefs(manifest: Manifest): LoadRef[] {
  return manifest.shards.map((shard) => {
    const meta = shardMeta(manifest, shard);
    return { key: keyOf(shard.digest, meta), meta, digest: shard.digest, bytes: shard.bytes };
  });
}

function shardMeta(manifest: Manifest, shard: Shard): ShardMeta {
  return {
    type: "shard",
    format: manifest.format,
    records: shard.records,
    ...(manifest.columns && { columns: manifest.columns }),
    ...(manifest.dtype && { dtype: manifest.dtype }),
    ...(manifest.recordBytes !== undefined && { recordBytes: manifest.recordBytes }),
  };
}

export interface BoundConstants {
  /** What to load, in order: the shards of a dataset before the constant that lists them. */
  constants: LoadRef[];
  /** For GuestJob.uses. */
  uses: Record<string, string>;
}

/** @param manifestOf the parsed manifest of a dataset bound as a constant, fetched before */
export function bindConstants(
  uses: Readonly<Record<string, Constant>>,
  manifestOf: (digest: string) => Manifest,
): BoundConstants {
  const constants: LoadRef[] = [];
  const keys: Record<string, string> = {};
  for (const [name, { digest, type }] of Object.entries(uses)) {
    if (type === "json") {
      const meta: ConstantMeta = { type: "json" };
      const key = keyOf(digest, meta);
      constants.push({ key, meta, digest, bytes: 0 });
      keys[name] = key;
      continue;
    }
    const shards = shardRefs(manifestOf(digest));
    const meta: ConstantMeta = { type: "dataset", shards: shards.map(({ key }) => key) };
    const key = keyOf(digest, meta);
    constants.push(...shards, { key, meta, bytes: 0 });
    keys[name] = key;
  }
  return { constants, uses: keys };
}

/** The same job with other parameters. What is resident, and what was learnt of it, is shared. */
export function withParams(context: JobContext, params: Record<string, unknown>): JobContext {
  const guest: GuestJob = { ...context.guest, params };
  return { ...context, guest, guestBytes: JSON.stringify(guest).length };
}

export function createJobContext(
  job: RunnerJob,
  manifest: Manifest | undefined,
  { constants, uses }: BoundConstants,
): JobContext {
  const guest: GuestJob = { ...job.guest, uses };
  // A job has a handful of ways to cut its input (probe, map): the tables are few and live as long as the job.
  const tables = new Map<string, TaskTable>();
  return {
    job,
    guest,
    manifest,
    shards: manifest ? shardRefs(manifest) : [],
    constants,
    guestBytes: JSON.stringify(guest).length,
    weightMs: new Map(),
    taskTable(tasking) {
      const name = JSON.stringify(tasking);
      let table = tables.get(name);
      if (!table) {
        if (tables.size >= 8) tables.clear();
        table = new TaskTable(tasking, manifest?.shards ?? []);
        tables.set(name, table);
      }
      return table;
    },
  };
}
