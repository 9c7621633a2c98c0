import { digestOf } from "../../protocol/digest.ts";
import type { RunnerJob } from "../../protocol/gateway-to-runner.ts";
import type { Kind } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";

/** A job for tests; override what matters. */
export function runnerJob(kind: Kind, overrides: Partial<RunnerJob> = {}): RunnerJob {
  const id = overrides.id ?? "job_1";
  return {
    id,
    owner: "ann",
    kind,
    bundle: digestOf("bundle"),
    guest: { id, seed: 7, params: { k: 2 }, reducers: 2, shardCount: 0 },
    uses: {},
    limits: { fuelPerTask: 1000, memoryMb: 128, timeoutMs: 5_000 },
    output: { type: "json", contentType: "application/json" },
    blobToken: "blob-token",
    ...overrides,
  };
}

export interface TextDataset {
  manifest: Manifest;
  shards: Buffer[];
}

/** A dataset of lines; each inner list is a shard. */
export function linesDataset(shards: readonly (readonly string[])[]): TextDataset {
  const bytes = shards.map((lines) => Buffer.from(lines.join("\n")));
  return {
    shards: bytes,
    manifest: {
      format: "lines",
      shards: bytes.map((shard, i) => ({
        digest: digestOf(shard),
        bytes: shard.byteLength,
        records: shards[i]!.length,
      })),
    },
  };
}
