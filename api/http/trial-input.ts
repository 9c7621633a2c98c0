import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import type { ConstantMeta, Description, ShardMeta } from "../../protocol/guest.ts";
import type { Tried, tryRequestSchema } from "../../protocol/http-try.ts";
import type { Json } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { Principal } from "../accounts/principal.ts";
import type { DatasetRow } from "../catalog/datasets.ts";
import { synthesizeInputs } from "../functions/synthesize.ts";
import type { TrialWork } from "../functions/trials.ts";
import { firstRecords } from "../payments/estimate/first-records.ts";
import type { BlobStore } from "../store/port.ts";
import { type Bindings, constantBytesMax } from "./bindings.ts";
import { fittingDataset, type InputsOptions, readManifest } from "./inputs.ts";
import { fillParams } from "./params.ts";

type Request = z.output<typeof tryRequestSchema>;

const recordsDefault = 200;
const sampleBytesMax = 1024 * 1024;
/** What was made up, or the author's own, is shown when it is no longer than this. */
const shownCharsMax = 16 * 1024;

export interface TrialInputOptions {
  bindings: Bindings;
  catalog: InputsOptions["catalog"];
  blobs: BlobStore;
}

export interface TrialInput {
  work: TrialWork;
  input: Tried["input"];
  /** Of the dataset that was named, and all of it. */
  dataset?: DatasetRow;
}

/** What a function that is not published is run on: what was given, else its own example, else something made up. */
export class TrialInputs {
  readonly #options: TrialInputOptions;

  constructor(options: TrialInputOptions) {
    this.#options = options;
  }

  /** @throws GridError wrong-input, not-found, unknown-param, bad-param, missing-use, body-too-large */
  async resolve(
    principal: Principal,
    description: Description,
    request: Request,
  ): Promise<TrialInput> {
    if (request.input === undefined && description.example)
      return this.#example(principal, description, request);
    const params = fillParams(description.params, request.params);
    const constants = await this.#constants(principal, description, request.uses);
    const wanted = datasetOf(request.input);
    if (wanted) {
      const { dataset, load } = await this.#sample(principal, description, wanted);
      const { key, meta } = load;
      const slice = { task: 0, key, shard: 0, from: 0, to: meta.records, record: 0 };
      const loads = [...constants.loads, load];
      const work = { params, uses: constants.uses, loads, slice };
      return { work, input: { from: "dataset" }, dataset };
    }
    const isGiven = request.input !== undefined;
    const value = isGiven ? request.input : synthesizeInputs(description.input).first;
    const work = { params, ...constants, input: Buffer.from(JSON.stringify(value)) };
    return {
      work,
      input: isGiven ? { from: "given" } : { from: "synthesized", value: value as Json },
    };
  }

  /** The runtime has it; what is given beside it counts more. */
  async #example(
    principal: Principal,
    description: Description,
    request: Request,
  ): Promise<TrialInput> {
    const { exampleCall } = description;
    const { params = {} } = request;
    // Those that the example may have are not missing.
    const needed = Object.entries(description.params).filter(
      ([name, schema]) => schema.default !== undefined || Object.hasOwn(params, name),
    );
    fillParams(Object.fromEntries(needed), params);
    const input = {
      from: "example" as const,
      ...(exampleCall === undefined ? {} : { value: exampleCall.input }),
    };
    if (request.uses === undefined) return { work: { params, uses: {}, loads: [] }, input };
    if (exampleCall === undefined)
      throw new GridError(
        "wrong-input",
        "The example is too large to be run with other constants.",
        {
          hint: "Send an input beside the constants.",
        },
      );
    const own = (exampleCall.uses ?? {}) as Record<string, Json>;
    const uses = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value }]));
    const constants = await this.#constants(principal, description, { ...uses, ...request.uses });
    const all = { ...(exampleCall.params as Record<string, Json> | undefined), ...params };
    const work = {
      params: all,
      ...constants,
      input: Buffer.from(JSON.stringify(exampleCall.input)),
    };
    return { work, input };
  }

  async #sample(
    principal: Principal,
    { input }: Description,
    { dataset: id, records }: { dataset: string; records?: number | undefined },
  ): Promise<{ dataset: DatasetRow; load: { key: string; meta: ShardMeta; bytes: Buffer } }> {
    const { blobs, catalog } = this.#options;
    const dataset = await fittingDataset({ catalog, blobs }, principal, "The function", input, id);
    const manifest = await readManifest(blobs, dataset.digest);
    const [first] = manifest.shards;
    if (!first) throw new GridError("empty-dataset", `Dataset ${id} has no records.`, { name: id });
    const blob = await blobOf(blobs, first.digest);
    const fitting = Math.floor(sampleBytesMax / Math.max(first.bytes / first.records, 1));
    const wanted = Math.min(records ?? recordsDefault, Math.max(fitting, 1));
    const sample = firstRecords(manifest, blob, first.records, wanted);
    const meta = shardMeta(manifest, sample.records);
    return { dataset, load: { key: "sample", meta, bytes: sample.bytes } };
  }

  async #constants(
    principal: Principal,
    { uses: declared }: Description,
    given: Request["uses"],
  ): Promise<Pick<TrialWork, "uses" | "loads">> {
    const { bindings, blobs } = this.#options;
    const constants = await bindings.resolve(principal, declared, given);
    const uses: TrialWork["uses"] = {};
    const loads: TrialWork["loads"] = [];
    let bytes = 0;
    const add = (key: string, meta: ShardMeta | ConstantMeta, content: Uint8Array) => {
      bytes += content.byteLength;
      if (bytes > constantBytesMax)
        throw new GridError("body-too-large", "The constants are too large for a try.", {
          limit: constantBytesMax,
        });
      loads.push({ key, meta, bytes: content });
    };
    for (const [name, constant] of Object.entries(constants)) {
      const key = `use ${name}`;
      uses[name] = key;
      if ("json" in constant) add(key, { type: "json" }, Buffer.from(constant.json));
      else if (constant.type === "json")
        add(key, { type: "json" }, await blobOf(blobs, constant.digest));
      else {
        const manifest = await readManifest(blobs, constant.digest);
        const shards: string[] = [];
        for (const [index, shard] of manifest.shards.entries()) {
          const shardKey = `${key} ${index}`;
          shards.push(shardKey);
          add(shardKey, shardMeta(manifest, shard.records), await blobOf(blobs, shard.digest));
        }
        add(key, { type: "dataset", shards }, new Uint8Array());
      }
    }
    return { uses, loads };
  }
}

/** What is shown of an input that nobody sent. */
export function shownInput({ from, value }: Tried["input"]): Tried["input"] {
  const small = value !== undefined && JSON.stringify(value).length <= shownCharsMax;
  return small ? { from, value } : { from };
}

/** No function takes an object with this name in it as an inline input. */
function datasetOf(
  input: Request["input"],
): { dataset: string; records?: number | undefined } | undefined {
  if (typeof input !== "object" || input === null || !("dataset" in input)) return undefined;
  const { dataset, records } = input;
  if (typeof dataset !== "string") return undefined;
  return { dataset, ...(typeof records === "number" ? { records } : {}) };
}

function shardMeta({ format, columns, dtype, recordBytes }: Manifest, records: number): ShardMeta {
  return {
    type: "shard",
    format,
    records,
    ...(columns === undefined ? {} : { columns }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(recordBytes === undefined ? {} : { recordBytes }),
  };
}

async function blobOf(blobs: BlobStore, digest: string): Promise<Buffer> {
  const blob = await blobs.get(digest);
  if (!blob) throw new GridError("blob-missing", `The blob ${digest} is missing.`);
  return Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
}
