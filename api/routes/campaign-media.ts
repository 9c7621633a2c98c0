import { GridError } from "../../protocol/errors.ts";
import { campaignSchema } from "../../protocol/http-campaigns.ts";
import { mediaBytesMax, mediaTypes } from "../../protocol/limits.ts";
import { campaignFigures } from "../campaigns/figures.ts";
import { campaignOf } from "../campaigns/wire.ts";
import type { Deps } from "../deps.ts";
import { readBytes } from "../http/body.ts";
import { byteRangeOf } from "../http/byte-range.ts";
import { headerOf, principalOf } from "../http/context.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Campaigns";
/** Strangers' bytes on our origin: they are what we say they are, and may do nothing. */
const harmless = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
  "cross-origin-resource-policy": "same-origin",
};

/** Pictures and videos that sponsors upload. */
export function campaignMediaRoutes(deps: Deps): Route[] {
  const { campaigns, views, media } = deps.campaigns;
  return [
    {
      operation: {
        method: "put",
        path: "/v1/campaigns/:id/media",
        id: "putCampaignMedia",
        tag,
        summary: "Upload a draft's picture or video",
        description: `At most ${mediaBytesMax / 1024 ** 2} MB; ${mediaTypes.join(", ")}, told by its first bytes.`,
        auth: "member",
        scope: "wallet",
        body: { contentType: "application/octet-stream", description: "Its bytes" },
        responses: { 200: { description: "The campaign", schema: campaignSchema } },
      },
      async handle(c) {
        const row = await media.put(c.req.param("id")!, principalOf(c).account, () =>
          readBytes(c, mediaBytesMax),
        );
        return json(campaignOf(row, campaignFigures(deps, row)));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/campaigns/:id/media",
        id: "getCampaignMedia",
        tag,
        summary: "The uploaded picture or video",
        description: "Of a campaign that runs, one that is being watched, or an own one.",
        auth: "member",
        scope: "wallet",
        headers: { Range: "a part of it, as players of videos ask for" },
        responses: {
          200: { description: "Its bytes", contentTypes: mediaTypes },
          206: { description: "A part of them", contentTypes: mediaTypes },
          416: { description: "The range lies behind its end" },
        },
      },
      async handle(c) {
        const { account, role } = principalOf(c);
        const row = campaigns.get(c.req.param("id")!);
        const shown = row.state === "running" || row.sponsor === account || role === "operator";
        if (!shown && !views.isWatching(account, row.id))
          throw new GridError("not-found", `There is no campaign ${row.id}.`, { name: row.id });
        const { bytes, type } = await media.read(row);
        const headers = {
          ...harmless,
          "content-type": type,
          "accept-ranges": "bytes",
          "cache-control": "private, max-age=3600",
        };
        const range = byteRangeOf(headerOf(c, "range"), bytes.byteLength);
        if (range === "unsatisfiable")
          return new Response(null, {
            status: 416,
            headers: { ...headers, "content-range": `bytes */${bytes.byteLength}` },
          });
        if (range === undefined) return new Response(new Uint8Array(bytes), { headers });
        const { from, to } = range;
        return new Response(new Uint8Array(bytes.subarray(from, to)), {
          status: 206,
          headers: { ...headers, "content-range": `bytes ${from}-${to - 1}/${bytes.byteLength}` },
        });
      },
    },
  ];
}
