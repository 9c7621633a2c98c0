import type { Digest } from "../../protocol/digest.ts";

interface Hold {
  /** Running uploads that need this blob. */
  uploads: number;
  /** An upload that succeeded needs it. */
  kept: boolean;
}

/**
 * Who needs the blobs that running uploads stored, so that a refused upload removes only what is its own: a blob goes
 * when the last upload that needed it failed and none succeeded. Blobs that were there before are not tracked. Bounded
 * by the shards of the running uploads.
 */
export class BlobHolds {
  readonly #holds = new Map<Digest, Hold>();

  /** An upload put a blob. True when it holds it now, and must release it. */
  take(digest: Digest, outcome: "stored" | "exists"): boolean {
    const hold = this.#holds.get(digest);
    if (hold !== undefined) hold.uploads++;
    else if (outcome === "stored") this.#holds.set(digest, { uploads: 1, kept: false });
    else return false;
    return true;
  }

  /** An upload has ended. Returns the blobs that nobody needs. */
  release(digests: Iterable<Digest>, succeeded: boolean): Digest[] {
    const unused: Digest[] = [];
    for (const digest of digests) {
      const hold = this.#holds.get(digest);
      if (hold === undefined) continue;
      hold.uploads--;
      if (succeeded) hold.kept = true;
      if (hold.uploads > 0) continue;
      this.#holds.delete(digest);
      if (!hold.kept) unused.push(digest);
    }
    return unused;
  }
}
