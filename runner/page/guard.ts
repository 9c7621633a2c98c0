import { timingSafeEqual } from "node:crypto";
import { GridError } from "../../protocol/errors.ts";
import { pageTokenHeader } from "../../protocol/runner-page.ts";

/** What of a request says where it comes from. */
export interface Origin {
  method: string;
  path: string;
  header(name: string): string | undefined;
}

export interface GuardOptions {
  port: number;
  /** Made anew at every start, and written into the page. */
  token: string;
}

const reads = new Set(["GET", "HEAD"]);

/**
 * Refuses what does not come from the page itself. The browser that its owner also visits other sites with can reach
 * 127.0.0.1, so each of these is the answer to something that such a site may try:
 *
 * - another host's name that it lets point here (DNS rebinding): the Host header is one of ours, or nothing is answered;
 * - requests from its own pages (Sec-Fetch-Site, Origin), which browsers mark and scripts cannot change;
 * - forms, which cannot send JSON, nor a header with the token of this start. No cookie speaks for anyone.
 *
 * Other programs on the machine are not kept out: whoever can open its ports can read the page.
 * @throws GridError cross-site, unauthorized, bad-request
 */
export function guard({ method, path, header }: Origin, options: GuardOptions): void {
  const { port, token } = options;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const host = header("host") ?? "";
  if (!hosts.includes(host))
    throw new GridError("cross-site", "This page answers to its own address alone.", {
      hint: `Open http://127.0.0.1:${port}`,
    });
  const origin = header("origin");
  if (origin !== undefined && origin !== `http://${host}`) throw crossSite();
  const site = header("sec-fetch-site");
  const followsLink =
    method === "GET" &&
    path === "/" &&
    header("sec-fetch-mode") === "navigate" &&
    header("sec-fetch-dest") === "document";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !followsLink)
    throw crossSite();
  if (reads.has(method)) return;
  if (!isSame(header(pageTokenHeader) ?? "", token))
    throw new GridError("unauthorized", "This page is of an earlier start of the runner.", {
      hint: "Load it again.",
    });
  const type = (header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (type !== "application/json")
    throw new GridError("bad-request", "Changes are sent as application/json.");
}

function crossSite(): GridError {
  return new GridError("cross-site", "The request came from another site's page.");
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
