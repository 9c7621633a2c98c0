import { LRUCache } from "lru-cache";
import { digestPattern } from "../protocol/digest.ts";
import { GridError } from "../protocol/errors.ts";
import type { RunnerJob } from "../protocol/gateway-to-runner.ts";
import type { Constant } from "../protocol/job.ts";
import type { Manifest } from "../protocol/manifest.ts";
import type { BlobClient } from "./blob-client.ts";
import {
  type BoundConstants,
  bindConstants,
  createJobContext,
  type JobContext,
} from "./job-context.ts";

export interface LoadedJob {
  context: JobContext;
  /** The bundle's text. */
  source: Buffer;
}

/** Fetches what must be known before the first task: the bundle, the input's manifest, those of dataset constants. */
export class JobLoader {
  readonly #blobs: BlobClient;
  readonly #manifests = new LRUCache<string, Manifest>({ max: 64 });

  constructor(blobs: BlobClient) {
    this.#blobs = blobs;
  }

  /** @throws GridError as BlobClient.get; bad-request when a manifest is not one */
  async load(job: RunnerJob): Promise<LoadedJob> {
    const [source, manifest, constants] = await Promise.all([
      this.#blobs.get(job.bundle, job.blobToken),
      job.manifest && this.#manifest(job.manifest.digest, job.blobToken),
      this.constants(job.uses, job.blobToken),
    ]);
    return { context: createJobContext(job, manifest, constants), source };
  }

  async constants(
    uses: Readonly<Record<string, Constant>>,
    token: string,
  ): Promise<BoundConstants> {
    await Promise.all(
      Object.values(uses)
        .filter(({ type }) => type === "dataset")
        .map(({ digest }) => this.#manifest(digest, token)),
    );
    return this.constantsNow(uses)!;
  }

  /** Without waiting, or undefined when a manifest must be fetched first. */
  constantsNow(uses: Readonly<Record<string, Constant>>): BoundConstants | undefined {
    for (const { digest, type } of Object.values(uses))
      if (type === "dataset" && !this.#manifests.has(digest)) return undefined;
    return bindConstants(uses, (digest) => this.#manifests.get(digest)!);
  }

  async #manifest(digest: string, token: string): Promise<Manifest> {
    const known = this.#manifests.get(digest);
    if (known) return known;
    const bytes = await this.#blobs.get(digest, token);
    try {
      const manifest = readManifest(bytes);
      this.#manifests.set(digest, manifest);
      return manifest;
    } catch (cause) {
      throw new GridError("internal", `blob ${digest} is not a manifest`, {}, { cause });
    }
  }
}

/** Checks what the runner itself builds on; its bytes are those that the gateway named, which wrote and checked them. */
function readManifest(bytes: Buffer): Manifest {
  const manifest = JSON.parse(bytes.toString("utf8")) as Manifest;
  const sound =
    typeof manifest.format === "string" &&
    manifest.shards.every(
      ({ digest, bytes, records }) =>
        digestPattern.test(digest) && Number.isSafeInteger(bytes) && Number.isSafeInteger(records),
    );
  if (!sound) throw new Error("a field is missing");
  return manifest;
}
