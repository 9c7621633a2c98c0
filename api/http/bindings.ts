import { buffer } from "node:stream/consumers";
import { LRUCache } from "lru-cache";
import { digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Description } from "../../protocol/guest.ts";
import type { UseBinding } from "../../protocol/http-jobs.ts";
import type { Constant } from "../../protocol/job.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Jobs } from "../ports.ts";
import type { BlobStore } from "../store/port.ts";
import type { BlobGate } from "./blob-gate.ts";
import { datasetFor } from "./inputs.ts";
import { noSuchJob } from "./job-reader.ts";
import type { LatestValues } from "./latest-values.ts";
import { nearest } from "./suggest.ts";

/** A constant is decoded whole in the sandbox, whose memory is some hundred MB. */
export const constantBytesMax = 64 * 1024 * 1024;
const boundKeptMax = 2_000;
const boundKeptMs = 3_600_000;

export interface Bound {
  uses: Record<string, Constant>;
  /** Datasets among them, by id: a job that reads one keeps it from being deleted. */
  datasets: string[];
}

export interface BindingsOptions {
  latest: LatestValues;
  blobs: BlobStore;
  catalog: Catalog;
  jobs: Jobs;
  gate: BlobGate;
}

/** "job:ID@latest": its value as of now, while it runs. */
const latestSuffix = "@latest";

interface Remembered {
  constant: Constant;
  /** Whose job it came from; absent for inline values. */
  owner?: string | undefined;
}

type Target = { job: string } | { dataset: string } | { value: unknown };

/** Turns what a caller binds to a function's constants into blobs. What was bound lately is remembered. */
export class Bindings {
  readonly #options: BindingsOptions;
  /** By job id, and by digest for inline values. */
  readonly #bound: LRUCache<string, Remembered>;

  constructor(options: BindingsOptions) {
    this.#options = options;
    const { blobRefs } = options.catalog;
    this.#bound = new LRUCache({
      max: boundKeptMax,
      ttl: boundKeptMs,
      // What was held for synchronous calls alone is let go with its place in here.
      dispose: ({ constant }, key, reason) => {
        if (key === constant.digest && reason !== "set")
          blobRefs.releaseOne(inlineHolder, constant.digest);
      },
    });
    // The holds of an earlier process, whose memory of them is gone.
    blobRefs.release(inlineHolder);
  }

  /** A job's result is no longer kept. */
  forget(job: string): void {
    this.#bound.delete(job);
  }

  /**
   * @param passing what is bound need not outlive the request: of values that change all the time, none is stored
   * @throws GridError missing-use, unknown names as bad-request, and what reading a job's result throws
   */
  async bind(
    principal: Principal,
    declared: Description["uses"],
    given: Readonly<Record<string, UseBinding>> | undefined,
    { passing = false } = {},
  ): Promise<Bound> {
    const bound: Bound = { uses: {}, datasets: [] };
    for (const [name, target] of targetsOf(declared, given)) {
      if ("dataset" in target) bound.datasets.push(target.dataset);
      bound.uses[name] = await this.#constant(principal, name, target, passing);
    }
    return bound;
  }

  /** For a run that nothing is stored of: an inline value stays what it is. @throws GridError as bind does */
  async resolve(
    principal: Principal,
    declared: Description["uses"],
    given: Readonly<Record<string, UseBinding>> | undefined,
  ): Promise<Record<string, Constant | { json: string }>> {
    const resolved: Record<string, Constant | { json: string }> = {};
    for (const [name, target] of targetsOf(declared, given))
      resolved[name] =
        "value" in target
          ? { json: JSON.stringify(target.value) }
          : await this.#constant(principal, name, target, true);
    return resolved;
  }

  #constant(
    principal: Principal,
    name: string,
    target: Target,
    passing: boolean,
  ): Promise<Constant> | Constant {
    if ("dataset" in target) {
      const { digest } = datasetFor(this.#options.catalog, principal, target.dataset);
      return { digest, type: "dataset" };
    }
    if ("job" in target && target.job.endsWith(latestSuffix))
      return this.#latest(principal, target.job.slice(0, -latestSuffix.length), passing);
    if ("job" in target) return this.#job(principal, name, target.job);
    return this.#store(JSON.stringify(target.value), inlineHolder);
  }

  async #job({ account }: Principal, name: string, id: string): Promise<Constant> {
    const known = this.#bound.get(id);
    const owner = known?.owner ?? this.#options.catalog.jobs.find(id)?.owner;
    if (owner !== account) throw noSuchJob(id);
    if (known) return this.#given(known.constant);
    const { contentType, body } = await this.#options.jobs.result(id);
    const isLines = contentType.startsWith("application/x-ndjson");
    if (!isLines && !contentType.startsWith("application/json")) {
      body.destroy();
      throw new GridError(
        "wrong-input",
        `Job ${id} gave ${contentType}, which "${name}" cannot be.`,
        {
          hint: "Only a JSON result can be bound to a constant.",
        },
      );
    }
    const text = await boundedText(body);
    const value = isLines ? `[${text.trimEnd().replaceAll("\n", ",")}]` : text;
    return this.#store(value, id, account);
  }

  /** What a job has come to so far. */
  async #latest({ account }: Principal, id: string, passing: boolean): Promise<Constant> {
    const { catalog, latest } = this.#options;
    const row = catalog.jobs.find(id);
    if (row?.owner !== account) throw noSuchJob(id);
    const { digest, bytes } = await latest.of(row, { haste: passing });
    return passing ? { digest, type: "json" } : this.#store(bytes.toString("utf8"), inlineHolder);
  }

  async #store(text: string, holder: string, owner?: string): Promise<Constant> {
    const bytes = Buffer.from(text);
    if (bytes.byteLength > constantBytesMax)
      throw new GridError("body-too-large", "A constant is too large.", {
        limit: constantBytesMax,
      });
    const digest = digestOf(bytes);
    const { blobs, catalog, gate } = this.#options;
    if (holder === inlineHolder && this.#bound.has(digest))
      return this.#given({ digest, type: "json" });
    await gate.storing(async () => {
      await blobs.put(digest, bytes);
      catalog.blobRefs.hold(holder, [digest]);
    });
    const constant: Constant = { digest, type: "json" };
    this.#bound.set(holder === inlineHolder ? digest : holder, { constant, owner });
    return this.#given(constant);
  }

  /** Its hold may go with its place in `#bound` before the request has one. */
  #given(constant: Constant): Constant {
    this.#options.gate.use(constant.digest);
    return constant;
  }
}

/** Holds inline values of synchronous calls, which no job outlives. They are content-addressed, so repeats cost nothing. */
export const inlineHolder = "inline";

/** What each declared constant is bound to. @throws GridError missing-use, unknown names as bad-request */
function* targetsOf(
  declared: Description["uses"],
  given: Readonly<Record<string, UseBinding>> | undefined,
): Generator<[name: string, target: Target]> {
  const names = Object.keys(declared);
  for (const name of Object.keys(given ?? {})) {
    if (Object.hasOwn(declared, name)) continue;
    const meant = nearest(name, names);
    throw new GridError("bad-request", `The function uses no constant "${name}".`, {
      name,
      hint: meant ? `Did you mean "${meant}"?` : `It uses: ${names.join(", ") || "none"}.`,
    });
  }
  for (const name of names) {
    const binding = given && Object.hasOwn(given, name) ? given[name] : undefined;
    if (binding === undefined)
      throw new GridError("missing-use", `The function uses "${name}"; bind it.`, {
        name,
        hint: `Send uses: { "${name}": "job:ID" }, "dataset:ID" or { "value": … }.`,
      });
    yield [name, targetOf(binding)];
  }
}

function targetOf(binding: UseBinding): Target {
  if (typeof binding !== "string") return binding;
  const at = binding.indexOf(":");
  const id = binding.slice(at + 1);
  return binding.slice(0, at) === "job" ? { job: id } : { dataset: id };
}

async function boundedText(body: NodeJS.ReadableStream): Promise<string> {
  let total = 0;
  async function* counted() {
    for await (const part of body) {
      total += Buffer.byteLength(part);
      if (total > constantBytesMax)
        throw new GridError("body-too-large", "The job's result is too large for a constant.", {
          limit: constantBytesMax,
        });
      yield Buffer.from(part as Uint8Array);
    }
  }
  return (await buffer(counted())).toString("utf8");
}
