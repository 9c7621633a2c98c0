import { readFileSync } from "node:fs";

export interface HtmlPage {
  text: string;
  headers: Record<string, string>;
}

export function pageStyle(): string {
  return readFileSync(new URL("./pages/style.css", import.meta.url), "utf8");
}

/** For a page without scripts that asks nothing of any host. */
export function pageHeaders(): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  };
}
