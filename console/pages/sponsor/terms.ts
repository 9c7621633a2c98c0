import type { Campaign, CampaignTerms } from "../../../protocol/http-campaigns.ts";
import { mediaBytesMax, mediaTypes } from "../../../protocol/limits.ts";
import { bytes } from "../../lib/format.ts";

/** What a sponsor typed. Numbers are undefined while a field is empty; times are as <input type=datetime-local> has them. */
export interface TypedTerms {
  title: string;
  text: string;
  link: string;
  /** A picture or video elsewhere, instead of an uploaded one. */
  mediaUrl: string;
  mediaKind: "picture" | "video";
  creditsPerView: number | undefined;
  watchSeconds: number | undefined;
  budget: number | undefined;
  perViewer: number | undefined;
  perViewerDay: number | undefined;
  perDay: number | undefined;
  startsAt: string;
  endsAt: string;
}

export const termsDefault: TypedTerms = {
  title: "",
  text: "",
  link: "",
  mediaUrl: "",
  mediaKind: "picture",
  creditsPerView: 0.5,
  watchSeconds: 15,
  budget: 50,
  perViewer: 10,
  perViewerDay: 1,
  perDay: undefined,
  startsAt: "",
  endsAt: "",
};

/** A draft as its form has it. */
export function typedOf(campaign: Campaign): TypedTerms {
  const { media, caps, budget } = campaign;
  return {
    title: campaign.title,
    text: campaign.text,
    link: campaign.link ?? "",
    mediaUrl: media && !media.uploaded ? media.url : "",
    mediaKind: media?.kind ?? "picture",
    creditsPerView: campaign.creditsPerView,
    watchSeconds: campaign.watchSeconds,
    budget: budget > 0 ? budget : termsDefault.budget,
    perViewer: caps.perViewer,
    perViewerDay: caps.perViewerDay,
    perDay: caps.perDay ?? undefined,
    startsAt: localTime(campaign.startsAt),
    endsAt: localTime(campaign.endsAt),
  };
}

/** As the API takes them: what was left empty is left to it. Pure. */
export function termsOf(typed: TypedTerms): CampaignTerms {
  const { link, mediaUrl, mediaKind, startsAt, endsAt } = typed;
  return {
    title: typed.title.trim(),
    text: typed.text,
    ...(link.trim() === "" ? {} : { link: link.trim() }),
    ...(mediaUrl.trim() === "" ? {} : { media: { kind: mediaKind, url: mediaUrl.trim() } }),
    creditsPerView: typed.creditsPerView ?? 0,
    ...(typed.watchSeconds === undefined ? {} : { watchSeconds: typed.watchSeconds }),
    caps: {
      ...(typed.perViewer === undefined ? {} : { perViewer: typed.perViewer }),
      ...(typed.perViewerDay === undefined ? {} : { perViewerDay: typed.perViewerDay }),
      perDay: typed.perDay ?? null,
    },
    ...(startsAt === "" ? {} : { startsAt: new Date(startsAt).toISOString() }),
    ...(endsAt === "" ? {} : { endsAt: new Date(endsAt).toISOString() }),
  };
}

const micro = (credits: number) => Math.round(credits * 1e6);

/** Whole views that so many credits pay. */
export function viewsFor(credits: number | undefined, creditsPerView: number | undefined): number {
  if (!credits || !creditsPerView) return 0;
  return Math.floor(micro(credits) / micro(creditsPerView));
}

/** Credits that a draft still lacks of what it is to begin with. */
export function missingCredits(wanted: number | undefined, held: number): number {
  return Math.max(0, micro(wanted ?? 0) - micro(held)) / 1e6;
}

/** What is wrong with a file before it is sent; the server looks at its bytes once more. */
export function fileFault({ size, type }: { size: number; type: string }): string | undefined {
  if (size === 0) return "The file is empty.";
  if (size > mediaBytesMax)
    return `The file has ${bytes(size)}; at most ${bytes(mediaBytesMax)} can be uploaded.`;
  if (!mediaTypes.some((known) => known === type)) return `This is no ${mediaWords()}.`;
  return undefined;
}

/** "PNG, JPEG, WEBP, GIF, MP4 or WEBM" */
export function mediaWords(): string {
  const names = mediaTypes.map((type) => type.slice(type.indexOf("/") + 1).toUpperCase());
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function localTime(time: string): string {
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
