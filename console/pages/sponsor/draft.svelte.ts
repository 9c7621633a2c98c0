import type { Campaign } from "../../../protocol/http-campaigns.ts";
import { api } from "../../lib/api/index.ts";
import { Repeatable } from "../../lib/api/repeatable.ts";
import { sendFile } from "../../lib/api/send-file.ts";
import { missingCredits, type TypedTerms, termsDefault, termsOf, typedOf } from "./terms.ts";

/**
 * A campaign that has not run: new, or a draft that the server has. It is sent in steps (terms, picture, budget, start),
 * each of which changes nothing when it is done again; so after a failure everything is sent anew, and paid once.
 */
export class CampaignDraft {
  typed: TypedTerms = $state({ ...termsDefault });
  /** What the server has of it. */
  campaign: Campaign | undefined = $state.raw();
  file: File | undefined = $state.raw();
  /** Of the file, while it is on its way. */
  sentBytes: number | undefined = $state();
  #uploaded: File | undefined;
  readonly #creation = new Repeatable();
  readonly #funding = new Repeatable();

  constructor(campaign?: Campaign) {
    if (campaign === undefined) return;
    this.campaign = campaign;
    this.typed = typedOf(campaign);
  }

  get hasMedia(): boolean {
    return this.file !== undefined || this.typed.mediaUrl !== "" || this.keptUrl !== undefined;
  }

  /** Of what was uploaded before, and is still to be shown. */
  get keptUrl(): string | undefined {
    const media = this.campaign?.media;
    return media?.uploaded ? media.url : undefined;
  }

  /** Terms and picture, on the server. @throws GridError, Unreachable */
  async save(): Promise<Campaign> {
    const terms = termsOf(this.typed);
    const path = this.campaign && pathOf(this.campaign);
    this.campaign =
      path === undefined
        ? await this.#creation.post<Campaign>("/v1/campaigns", terms)
        : await api.json<Campaign>(path, { method: "PUT", json: terms });
    return await this.#upload(this.campaign);
  }

  /** Saves it, pays what its budget lacks, and shows it. @throws GridError, Unreachable */
  async start(): Promise<Campaign> {
    const saved = await this.save();
    const credits = missingCredits(this.typed.budget, saved.budget);
    if (credits > 0) this.campaign = await this.#funding.post(`${pathOf(saved)}/fund`, { credits });
    return await api.json<Campaign>(`${pathOf(saved)}/start`, { method: "POST" });
  }

  async #upload(campaign: Campaign): Promise<Campaign> {
    const { file } = this;
    // An address takes the place of what was uploaded.
    if (this.typed.mediaUrl !== "") this.#uploaded = undefined;
    if (file === undefined || file === this.#uploaded || this.typed.mediaUrl !== "")
      return campaign;
    this.sentBytes = 0;
    try {
      this.campaign = await sendFile<Campaign>(file, {
        method: "PUT",
        path: `${pathOf(campaign)}/media`,
        onSent: (bytes) => {
          this.sentBytes = bytes;
        },
        signal: new AbortController().signal,
      });
    } finally {
      this.sentBytes = undefined;
    }
    this.#uploaded = file;
    return this.campaign;
  }
}

export function pathOf({ id }: Campaign): string {
  return `/v1/campaigns/${encodeURIComponent(id)}`;
}
