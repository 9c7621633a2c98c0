import { type Digest, digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import { mediaTypes } from "../../protocol/limits.ts";
import type { BlobRefs } from "../catalog/blob-refs.ts";
import type { Database } from "../database/open.ts";
import type { BlobGate } from "../http/blob-gate.ts";
import type { BlobStore } from "../store/port.ts";
import { stepCampaign } from "./campaign.ts";
import type { CampaignRows } from "./campaign-rows.ts";
import type { Campaigns } from "./campaigns.ts";
import type { CampaignRow } from "./schema.ts";
import { sniffMedia } from "./sniff.ts";

export interface MediaOptions {
  database: Database;
  blobs: BlobStore;
  blobRefs: BlobRefs;
  gate: BlobGate;
  campaigns: Campaigns;
  rows: CampaignRows;
}

/** Pictures and videos that sponsors upload: blobs that the campaign holds. */
export class CampaignMedia {
  readonly #options: MediaOptions;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  /**
   * Takes the place of what a draft showed before.
   * @param read reads the body, once it is known that it may be put
   * @throws GridError not-found, conflict (it has run), bad-request (no picture or video)
   */
  async put(id: string, sponsor: string, read: () => Promise<Buffer>): Promise<CampaignRow> {
    const { database, blobs, blobRefs, gate, campaigns, rows } = this.#options;
    stepCampaign(campaigns.get(id, sponsor).state, "edit");
    return gate.storing(async () => {
      const bytes = await read();
      const mediaType = sniffMedia(bytes);
      if (mediaType === undefined)
        throw new GridError("bad-request", "The body is no picture or video of a known format.", {
          hint: `Known are ${mediaTypes.join(", ")}.`,
        });
      const mediaDigest = digestOf(bytes);
      await blobs.put(mediaDigest, bytes);
      return database.transaction(() => {
        stepCampaign(campaigns.get(id, sponsor).state, "edit");
        blobRefs.release(id);
        blobRefs.hold(id, [mediaDigest]);
        const mediaKind = mediaType.startsWith("video/") ? "video" : "picture";
        rows.update(id, { mediaKind, mediaUrl: null, mediaDigest, mediaType });
        return campaigns.get(id);
      });
    });
  }

  /** @throws GridError not-found when it has none, or it is gone */
  async read({
    id,
    mediaDigest,
    mediaType,
  }: CampaignRow): Promise<{ bytes: Buffer; type: string }> {
    const bytes =
      mediaDigest === null ? undefined : await this.#options.blobs.get(mediaDigest as Digest);
    if (bytes === undefined || mediaType === null)
      throw new GridError("not-found", `Campaign ${id} has no uploaded picture or video.`);
    return { bytes, type: mediaType };
  }
}
