import { GridError } from "../../protocol/errors.ts";
import type { BrowserHeaders } from "./principal.ts";

const reads = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a write that another site's page made the browser send (cross-site request forgery): browsers say where a
 * request comes from (Sec-Fetch-Site, Origin), and a page cannot change that. Requests that name no origin at all are
 * refused too when a cookie speaks for them, since every browser of today names one with a write.
 * @throws GridError cross-site
 */
export function requireSameOrigin(headers: BrowserHeaders, publicUrl: string | undefined): void {
  if (reads.has(headers.method)) return;
  const { site, origin, host, cookie } = headers;
  if (
    site !== undefined ? site === "same-origin" || site === "none" : isOwn(origin, host, publicUrl)
  )
    return;
  if (site === undefined && origin === undefined && cookie === undefined) return;
  throw new GridError("cross-site", "A session's writes must come from this server's own pages.", {
    hint: "Programs send a key instead: Authorization: Bearer KEY.",
  });
}

/** A proxy may speak https for us, so the scheme of a host of ours is not compared. */
function isOwn(
  origin: string | undefined,
  host: string | undefined,
  publicUrl: string | undefined,
): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  if (publicUrl !== undefined && from.origin === new URL(publicUrl).origin) return true;
  return host !== undefined && from.host === host;
}
