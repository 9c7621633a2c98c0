import {
  type Campaign,
  type CampaignDay,
  type CampaignListQuery,
  type CampaignTerms,
  type CreateCampaignRequest,
  campaignDayPageSchema,
  campaignPageSchema,
  campaignSchema,
  type NextCommercial,
  nextCommercialSchema,
  type OfferedCommercials,
  type OpenedView,
  offeredCommercialsSchema,
  openedViewSchema,
  type PaidView,
  paidViewPageSchema,
  paidViewSchema,
  type ViewHeartbeat,
  type ViewProgress,
  viewProgressSchema,
} from "../protocol/http.ts";
import type { Abortable } from "./jobs.ts";
import { paged } from "./paged.ts";
import type { Call, Transport } from "./transport.ts";

type ListOptions = Partial<Omit<CampaignListQuery, "cursor">> & Abortable;

/** Campaigns of sponsors, and watching them. Every method throws GridError, ConnectionError or its signal's reason. */
export class CampaignsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A draft; `budget` leaves the wallet at once. */
  create(request: CreateCampaignRequest, options: Abortable = {}): Promise<Campaign> {
    return this.#campaign({ method: "POST", path: "/v1/campaigns", json: request, ...options });
  }

  /** Replaces a draft's terms. */
  edit(id: string, terms: CampaignTerms, options: Abortable = {}): Promise<Campaign> {
    return this.#campaign({ method: "PUT", path: pathOf(id), json: terms, ...options });
  }

  /** Uploads a draft's picture or video. */
  upload(id: string, media: Blob, options: Abortable = {}): Promise<Campaign> {
    const path = `${pathOf(id)}/media`;
    return this.#campaign({
      method: "PUT",
      path,
      body: () => media.stream(),
      unhurried: true,
      ...options,
    });
  }

  get(id: string, options: Abortable = {}): Promise<Campaign> {
    return this.#campaign({ path: pathOf(id), ...options });
  }

  /** Your own, newest first. */
  list(query: ListOptions = {}): AsyncGenerator<Campaign, void, undefined> {
    return this.#list("/v1/campaigns", query);
  }

  /** Everybody's; for the operator. */
  listAll(query: ListOptions = {}): AsyncGenerator<Campaign, void, undefined> {
    return this.#list("/v1/campaigns/all", query);
  }

  /** Days with views, newest first. */
  stats(id: string, { signal }: Abortable = {}): AsyncGenerator<CampaignDay, void, undefined> {
    const path = `${pathOf(id)}/stats`;
    return paged((cursor) =>
      this.#transport.json({ path, query: { cursor }, signal }, campaignDayPageSchema),
    );
  }

  fund(id: string, credits: number, options: Abortable = {}): Promise<Campaign> {
    return this.#verb(id, "fund", { credits }, options);
  }

  start(id: string, options: Abortable = {}): Promise<Campaign> {
    return this.#verb(id, "start", undefined, options);
  }

  pause(id: string, options: Abortable = {}): Promise<Campaign> {
    return this.#verb(id, "pause", undefined, options);
  }

  /** For ever; what is left goes back to the wallet. */
  end(id: string, options: Abortable = {}): Promise<Campaign> {
    return this.#verb(id, "end", undefined, options);
  }

  /** Ends anybody's; for the operator. */
  stop(id: string, reason: string, options: Abortable = {}): Promise<Campaign> {
    return this.#verb(id, "stop", { reason }, options);
  }

  /** A commercial that you may watch now, if there is one, and today's earnings. */
  next(options: Abortable = {}): Promise<NextCommercial> {
    return this.#transport.json({ path: "/v1/campaigns/next", ...options }, nextCommercialSchema);
  }

  /** What you may watch now, and today's earnings. */
  offered(options: Abortable = {}): Promise<OfferedCommercials> {
    const call = { path: "/v1/campaigns/offered", ...options };
    return this.#transport.json(call, offeredCommercialsSchema);
  }

  /** Begins to watch. Only one view is open at a time: the one before ends. */
  open(id: string, options: Abortable = {}): Promise<OpenedView> {
    const path = `${pathOf(id)}/views`;
    return this.#transport.json({ method: "POST", path, ...options }, openedViewSchema);
  }

  heartbeat(token: string, beat: ViewHeartbeat, options: Abortable = {}): Promise<ViewProgress> {
    const path = `/v1/views/${encodeURIComponent(token)}/heartbeat`;
    return this.#transport.json(
      { method: "POST", path, json: beat, pure: true, ...options },
      viewProgressSchema,
    );
  }

  /** Pays what was watched; asked again, it answers the same. */
  finish(token: string, options: Abortable = {}): Promise<PaidView> {
    const path = `/v1/views/${encodeURIComponent(token)}/finish`;
    return this.#transport.json({ method: "POST", path, pure: true, ...options }, paidViewSchema);
  }

  /** What you were paid for watching, newest first. */
  watched({ signal }: Abortable = {}): AsyncGenerator<PaidView, void, undefined> {
    return paged((cursor) =>
      this.#transport.json({ path: "/v1/views", query: { cursor }, signal }, paidViewPageSchema),
    );
  }

  #verb(id: string, verb: string, json: unknown, options: Abortable): Promise<Campaign> {
    return this.#campaign({ method: "POST", path: `${pathOf(id)}/${verb}`, json, ...options });
  }

  #list(path: string, { signal, ...filter }: ListOptions) {
    return paged((cursor) =>
      this.#transport.json({ path, query: { ...filter, cursor }, signal }, campaignPageSchema),
    );
  }

  #campaign(call: Call): Promise<Campaign> {
    return this.#transport.json(call, campaignSchema);
  }
}

function pathOf(id: string): string {
  return `/v1/campaigns/${encodeURIComponent(id)}`;
}
