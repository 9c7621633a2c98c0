import type { Constant } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { JobViews } from "../jobs/job-view.ts";
import type { BlobGrant } from "../ports.ts";
import type { BlobTokens } from "./blob-token.ts";
import type { Calls } from "./calls.ts";
import type { RunnerSession } from "./session.ts";

type Uses = Readonly<Record<string, Constant>>;

export interface BlobAccessDeps {
  tokens: BlobTokens;
  sessions: ReadonlyMap<string, RunnerSession>;
  views: JobViews;
  calls: Calls;
}

/**
 * Which blobs a runner may have: those of the jobs and calls that it is at work on, and no others, whatever digests it
 * knows. It is decided from what the gateway has in memory anyway: leases, calls under way, and parsed manifests.
 */
export class BlobAccess {
  readonly #deps: BlobAccessDeps;
  /** Made once a manifest, and kept as long as it is. */
  readonly #shards = new WeakMap<Manifest["shards"], ReadonlySet<string>>();

  constructor(deps: BlobAccessDeps) {
    this.#deps = deps;
  }

  /** Undefined when the token is no one's who is connected. */
  grantOf(token: string): BlobGrant | undefined {
    const claim = this.#deps.tokens.verify(token);
    const session = claim && this.#deps.sessions.get(claim.session);
    if (!session || session.revoked) return undefined;
    const { subject } = claim;
    return {
      mayRead: (digest) => this.#mayRead(session, subject, digest),
      mayStore: () => session.leases.workOn(subject),
      stored: (digest) => session.noteStored(digest),
    };
  }

  async #mayRead(session: RunnerSession, subject: string, digest: string): Promise<boolean> {
    if (session.leases.workOn(subject)) return this.#isOfJob(session, subject, digest);
    for (const uses of this.#deps.calls.usesOf(session, subject))
      if (digest === subject || (await this.#isUsed(uses, digest))) return true;
    return false;
  }

  async #isOfJob(session: RunnerSession, job: string, digest: string): Promise<boolean> {
    for (const lease of session.leases.values())
      if (lease.job === job && lease.inputs?.has(digest)) return true;
    const view = await this.#deps.views.get(job);
    if (!view) return false;
    const { bundle, input, uses } = view.spec;
    if (digest === bundle || (input.type === "dataset" && digest === input.manifest)) return true;
    return this.#isShard(view.shards, digest) || this.#isUsed(uses, digest);
  }

  async #isUsed(uses: Uses, digest: string): Promise<boolean> {
    const constants = Object.values(uses);
    if (constants.some((constant) => constant.digest === digest)) return true;
    for (const constant of constants) {
      if (constant.type !== "dataset") continue;
      const { shards } = await this.#deps.views.manifest(constant.digest);
      if (this.#isShard(shards, digest)) return true;
    }
    return false;
  }

  #isShard(shards: Manifest["shards"], digest: string): boolean {
    let digests = this.#shards.get(shards);
    if (!digests) {
      digests = new Set(shards.map((shard) => shard.digest));
      this.#shards.set(shards, digests);
    }
    return digests.has(digest);
  }
}
