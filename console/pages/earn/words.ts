import type { Commercial } from "../../../protocol/http-views.ts";
import { credits } from "../../lib/format.ts";

/** Of another site, which sees who loads it. Undefined for what is uploaded here, and for text alone. Pure. */
export function foreignHost({ media }: Pick<Commercial, "media">): string | undefined {
  return media === undefined || media.uploaded ? undefined : hostOf(media.url);
}

export const hostOf = (url: string): string => URL.parse(url)?.host ?? url;

/** "1 credit", "0.25 credits". Pure. */
export const creditsText = (value: number): string =>
  `${credits(value)} ${value === 1 ? "credit" : "credits"}`;

/** When the server's day, which is UTC's, ends. Pure. */
export function dayEndMs(nowMs: number): number {
  const dayMs = 86_400_000;
  return (Math.floor(nowMs / dayMs) + 1) * dayMs;
}
