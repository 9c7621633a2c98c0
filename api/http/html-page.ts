import { hash } from "node:crypto";
import { readFileSync } from "node:fs";

const read = (name: string) => readFileSync(new URL(`./pages/${name}`, import.meta.url), "utf8");

export interface HtmlPage {
  text: string;
  headers: Record<string, string>;
}

/** The style that all pages share. */
export function pageStyle(): string {
  return read("style.css");
}

/**
 * A page of pages/ with its style and scripts in it. Self-contained: its policy lets it run these scripts and no other,
 * and ask no other host for anything.
 */
export function htmlPage(name: string, scripts: readonly string[]): HtmlPage {
  const script = scripts.map(read).join("\n");
  const text = read(`${name}.html`)
    .replace("/*style*/", () => pageStyle())
    .replace("/*script*/", () => script);
  return { text, headers: pageHeaders(script) };
}

/** For a page without a script, leave it out. */
export function pageHeaders(script?: string): Record<string, string> {
  const scripts = script === undefined ? "'none'" : `'sha256-${hash("sha256", script, "base64")}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'unsafe-inline'",
    "connect-src 'self'",
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
