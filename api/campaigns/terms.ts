import { GridError } from "../../protocol/errors.ts";
import type { ParsedCampaignTerms } from "../../protocol/http-campaigns.ts";
import { microOf } from "../../protocol/money.ts";
import type { CampaignRow } from "./schema.ts";

const dayMs = 86_400_000;
const runsMsDefault = 30 * dayMs;
const runsMsMax = 366 * dayMs;

/** Terms as they are stored. @throws GridError bad-request for dates that contradict each other */
export function columnsOf(terms: ParsedCampaignTerms, nowMs: number) {
  const startsAtMs = terms.startsAt === undefined ? nowMs : Date.parse(terms.startsAt);
  const endsAtMs =
    terms.endsAt === undefined ? startsAtMs + runsMsDefault : Date.parse(terms.endsAt);
  if (endsAtMs <= Math.max(startsAtMs, nowMs))
    throw new GridError("bad-request", "A campaign ends after its start, and after now.", {
      name: "endsAt",
    });
  if (endsAtMs - startsAtMs > runsMsMax)
    throw new GridError("bad-request", "A campaign runs for a year at most.", { name: "endsAt" });
  return {
    title: terms.title,
    text: terms.text,
    link: terms.link ?? null,
    viewMicro: microOf(terms.creditsPerView),
    watchSeconds: terms.watchSeconds,
    perViewerMax: terms.caps.perViewer,
    perViewerDayMax: terms.caps.perViewerDay,
    perDayMax: terms.caps.perDay,
    startsAtMs,
    endsAtMs,
  } satisfies Partial<CampaignRow>;
}

/** A picture or video elsewhere, which takes the place of an uploaded one. */
export function linkedMedia({ kind, url }: NonNullable<ParsedCampaignTerms["media"]>) {
  return { mediaKind: kind, mediaUrl: url, mediaDigest: null, mediaType: null };
}
