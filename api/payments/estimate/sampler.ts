import { digestOf } from "../../../protocol/digest.ts";
import { GridError } from "../../../protocol/errors.ts";
import type { JobSpec } from "../../../protocol/job.ts";
import type { Manifest, Shard } from "../../../protocol/manifest.ts";
import type { BlobStore } from "../../store/port.ts";
import { firstRecords } from "./first-records.ts";
import { type FuelModel, fitOf, type SampleRun } from "./fit.ts";

/** Slices of so many shards, spread over the data. */
const slicesMax = 3;
const sliceBytesMax = 256 * 1024;
const sliceRecordsMax = 5_000;
/** Records that are run first, to learn how many can be afforded. */
const firstRun = 8;
/** Reference core-seconds of one slice's run. */
const sliceSeconds = 0.15;
/** Rounds of an iterative function that a sample does. */
const roundsMax = 3;

type DatasetInput = Extract<JobSpec["input"], { type: "dataset" }>;

export interface SamplerOptions {
  blobs: BlobStore;
  /** @throws GridError blob-missing */
  manifest: (digest: string) => Promise<Manifest>;
  /** Reference core-seconds for 10^9 fuel. */
  secondsPerRate: number;
  /** Runs a job to its end. Undefined when there was no time for it. @throws GridError the function's own */
  run: (spec: JobSpec) => Promise<{ fuel: number; rounds: number } | undefined>;
}

export interface Sampled {
  model: FuelModel;
  records: number;
  /** It was no sample, but all there is: fuel of all passes, when these were all. */
  exactFuel?: number;
}

/**
 * Runs a function on the first records of a few shards: each slice alone, for the spread, and all together, for what a
 * pass takes beside its records. Few records first; how many then follows from what these took.
 */
export async function sampleDataset(spec: JobSpec, options: SamplerOptions): Promise<Sampled> {
  const manifest = await options.manifest((spec.input as DatasetInput).manifest);
  const shards = evenly(manifest.shards, slicesMax);
  const first = await sampleOf(spec, options, manifest, shards.slice(0, 1), firstRun);
  if (!first)
    throw new GridError("queue-full", "The sample was not done in time, so nothing can be said.", {
      hint: "Its records take long, or the machines are busy. Try again, or submit with a small budget.",
    });
  const seconds = (first.fuel / first.rounds / first.records / 1e9) * options.secondsPerRate;
  const affordable = Math.min(Math.floor(sliceSeconds / Math.max(seconds, 1e-9)), sliceRecordsMax);
  const alone = { model: fitOf([first], undefined), records: first.records };
  if (affordable <= firstRun) return alone;
  const slices = await Promise.all(
    shards.map((shard) => sampleOf(spec, options, manifest, [shard], affordable)),
  );
  const singles = slices.filter((run) => run !== undefined);
  if (singles.length === 0) return alone;
  if (shards.length === 1) return whole(spec, singles, singles[0]!);
  const joined = await sampleOf(spec, options, manifest, shards, affordable);
  return whole(spec, singles, joined);
}

function whole(spec: JobSpec, singles: SampleRun[], joined: SampleRun | undefined): Sampled {
  const last = joined ?? singles[0]!;
  const model = fitOf(singles, singles.length > 1 ? joined : undefined);
  const isAll = last.records === (spec.input as DatasetInput).records;
  const exact = isAll && (spec.kind !== "iterate" || last.rounds < roundsMax);
  return { model, records: last.records, ...(exact ? { exactFuel: last.fuel } : {}) };
}

/** One run on the first records of some shards. */
async function sampleOf(
  spec: JobSpec,
  { blobs, run }: SamplerOptions,
  manifest: Manifest,
  shards: readonly Shard[],
  records: number,
): Promise<SampleRun | undefined> {
  const cut: Shard[] = [];
  for (const shard of shards) cut.push(await sliceOf(blobs, manifest, shard, records));
  const sample: Manifest = { ...manifest, shards: cut };
  const bytes = Buffer.from(JSON.stringify(sample));
  const digest = digestOf(bytes);
  await blobs.put(digest, bytes);
  const input: DatasetInput = {
    type: "dataset",
    manifest: digest,
    format: manifest.format,
    records: cut.reduce((sum, shard) => sum + shard.records, 0),
    shards: cut.length,
    bytes: cut.reduce((sum, shard) => sum + shard.bytes, 0),
  };
  const done = await run({ ...spec, input, roundsMax: Math.min(spec.roundsMax, roundsMax) });
  return done && { records: input.records, fuel: done.fuel, rounds: Math.max(done.rounds, 1) };
}

async function sliceOf(
  blobs: BlobStore,
  manifest: Manifest,
  shard: Shard,
  records: number,
): Promise<Shard> {
  const bytesEach = shard.bytes / shard.records;
  const fitting = Math.max(Math.floor(sliceBytesMax / Math.max(bytesEach, 1)), 1);
  const wanted = Math.min(records, fitting);
  if (wanted >= shard.records) return shard;
  const blob = await blobs.get(shard.digest);
  if (!blob) throw new GridError("blob-missing", `Shard ${shard.digest} is missing.`);
  const slice = firstRecords(manifest, blob, shard.records, wanted);
  const digest = digestOf(slice.bytes);
  await blobs.put(digest, slice.bytes);
  return { digest, bytes: slice.bytes.byteLength, records: slice.records };
}

/** Some of a list, from the middle of as many equal parts. */
export function evenly<T>(list: readonly T[], count: number): T[] {
  const taken = Math.min(count, list.length);
  return Array.from(
    { length: taken },
    (_, i) => list[Math.floor(((i + 0.5) * list.length) / taken)]!,
  );
}
