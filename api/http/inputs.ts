import { GridError } from "../../protocol/errors.ts";
import type { InputDescription } from "../../protocol/guest.ts";
import type { SubmitRequest } from "../../protocol/http-jobs.ts";
import type { JobSpec } from "../../protocol/job.ts";
import type { DatasetFormat, Manifest } from "../../protocol/manifest.ts";
import { manifestSchema } from "../../protocol/manifest.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { DatasetRow } from "../catalog/datasets.ts";
import type { InlineDataset } from "../datasets/index.ts";
import type { DatasetIngest, Ingested } from "../ports.ts";
import type { BlobStore } from "../store/port.ts";
import type { BlobGate } from "./blob-gate.ts";
import type { Version } from "./versions.ts";

/** A range is counted in doubles from 0; its tasks are found by division. */
const rangeCountMax = 2 ** 48;

export interface InputsOptions {
  catalog: Catalog;
  blobs: BlobStore;
  ingest: DatasetIngest;
  inlineDataset: (
    format: DatasetFormat | "items",
    value: unknown,
    options: { recordBytes?: number | undefined },
  ) => InlineDataset;
  gate: BlobGate;
  clock: () => number;
}

export interface ResolvedInput {
  spec: JobSpec["input"];
  /** Id of the dataset that is read, be it only this job's inline input. */
  dataset?: string;
}

/** Finds or makes what a job reads. */
export class Inputs {
  readonly #options: InputsOptions;

  constructor(options: InputsOptions) {
    this.#options = options;
  }

  /** @throws GridError wrong-input with a hint, not-found, and what storing inline data throws */
  async resolve(
    job: string,
    principal: Principal,
    version: Version,
    request: Pick<SubmitRequest, "dataset" | "input">,
  ): Promise<ResolvedInput> {
    const { input } = version.description;
    if (request.dataset !== undefined && request.input !== undefined)
      throw new GridError("bad-request", "A job takes a dataset or an inline input, not both.");
    if (request.dataset !== undefined) return this.#dataset(principal, version, request.dataset);
    if (request.input === undefined) throw missingInput(version);
    if (input.type === "range") return { spec: rangeOf(request.input) };
    const format = input.type === "items" ? "items" : input.format;
    return this.#inline({ job, owner: principal.account }, format, input, request.input);
  }

  async #dataset(principal: Principal, version: Version, id: string): Promise<ResolvedInput> {
    const { function: name, description } = version;
    const row = await fittingDataset(this.#options, principal, name, description.input, id);
    return { spec: specOf(row), dataset: row.id };
  }

  /** Stores inline data as a dataset of this job alone. A repeated submit finds it. */
  async #inline(
    { job, owner }: { job: string; owner: string },
    format: DatasetFormat | "items",
    input: InputDescription,
    value: unknown,
  ): Promise<ResolvedInput> {
    const { catalog, gate, ingest, inlineDataset, clock } = this.#options;
    const id = inlineIdOf(job);
    const known = catalog.datasets.find(id);
    if (known) return { spec: specOf(known), dataset: id };
    const recordBytes = input.type === "dataset" ? input.recordBytes : undefined;
    const { body, options } = inlineDataset(format, value, { recordBytes });
    const row = await gate.storing(async () => {
      const ingested = await ingest.ingest(body, options);
      return recordDataset(catalog, ingested, {
        id,
        owner,
        visibility: "private",
        name: "inline input",
        job,
        createdAtMs: clock(),
      });
    });
    return { spec: specOf(row), dataset: id };
  }
}

/** The dataset that is a job's inline input. */
export function inlineIdOf(job: string): string {
  return `ds_inline_${job}`;
}

/**
 * A dataset that this account may read: its own, and by id those that are not private. Jobs' inline inputs are none.
 * @throws GridError not-found
 */
export function datasetFor(catalog: Catalog, { account }: Principal, id: string): DatasetRow {
  const row = catalog.datasets.find(id);
  if (row?.job === null && (row.owner === account || row.visibility !== "private")) return row;
  throw new GridError("not-found", `There is no dataset ${id}.`, {
    name: id,
    hint: "GET /v1/datasets lists your datasets, with ?visibility=public everyone's public ones.",
  });
}

/**
 * A dataset that a function can read.
 * @param name of the function, for people
 * @throws GridError not-found, wrong-input with a hint, blob-missing
 */
export async function fittingDataset(
  { catalog, blobs }: Pick<InputsOptions, "catalog" | "blobs">,
  principal: Principal,
  name: string,
  input: InputDescription,
  id: string,
): Promise<DatasetRow> {
  if (input.type === "range")
    throw new GridError("wrong-input", `${name} takes no dataset, but a count.`, {
      hint: 'Send "input": how many integers to run over.',
    });
  const row = datasetFor(catalog, principal, id);
  const wanted = input.type === "items" ? "ndjson" : input.format;
  if (row.format !== wanted)
    throw new GridError(
      "wrong-input",
      `${name} reads ${wanted}, and dataset ${id} is ${row.format}.`,
      { hint: `Upload the data with format=${wanted}.` },
    );
  if (input.type !== "dataset" || input.columns === undefined) return row;
  const { columns } = await readManifest(blobs, row.digest);
  const missing = input.columns.find((column) => !columns?.includes(column));
  if (missing === undefined || columns === undefined) return row;
  throw new GridError("wrong-input", `Dataset ${row.id} has no column "${missing}".`, {
    name: missing,
    hint: `Its columns are: ${columns.join(", ")}.`,
  });
}

/** Notes a dataset and who holds its blobs. Call it while the gate is held, before the blobs can become garbage. */
export function recordDataset(
  catalog: Catalog,
  { manifest, digest, bytes, records, skipped }: Ingested,
  about: Pick<DatasetRow, "id" | "owner" | "visibility" | "name" | "job" | "createdAtMs">,
): DatasetRow {
  const row: DatasetRow = {
    ...about,
    format: manifest.format,
    digest,
    bytes,
    records,
    shards: manifest.shards.length,
    skipped,
  };
  catalog.transaction(() => {
    catalog.datasets.insert(row);
    const digests = new Set(manifest.shards.map((shard) => shard.digest)).add(digest);
    catalog.blobRefs.hold(row.id, [...digests]);
  });
  return row;
}

/** @throws GridError blob-missing */
export async function readManifest(blobs: BlobStore, digest: string): Promise<Manifest> {
  const bytes = await blobs.get(digest);
  if (!bytes) throw new GridError("blob-missing", "The dataset's manifest is missing.");
  return manifestSchema.parse(JSON.parse(bytes.toString("utf8")));
}

function specOf(row: DatasetRow): JobSpec["input"] {
  const { digest, format, records, shards, bytes } = row;
  return { type: "dataset", manifest: digest, format, records, shards, bytes };
}

function rangeOf(value: unknown): JobSpec["input"] {
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > rangeCountMax)
    throw new GridError("wrong-input", "The input of this function is a count of 1 or more.", {
      hint: 'Send "input": a whole number, for instance 1000000.',
      limit: rangeCountMax,
    });
  return { type: "range", count: value as number };
}

function missingInput({ function: name, description: { input } }: Version): GridError {
  const hint =
    input.type === "range"
      ? 'Send "input": how many integers to run over.'
      : input.type === "items"
        ? 'Send "input": an array, or "dataset": the id of an ndjson dataset.'
        : `Send "dataset": the id of a ${input.format} dataset, or small data as "input".`;
  return new GridError("wrong-input", `${name} needs an input.`, { hint });
}
