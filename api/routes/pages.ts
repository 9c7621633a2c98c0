import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Deps } from "../deps.ts";
import { docsPage } from "../http/docs-page.ts";
import { openApiOf } from "../http/openapi.ts";
import { json, type Operation, type Route } from "../http/route.ts";

const read = (name: string) =>
  readFileSync(new URL(`../http/pages/${name}`, import.meta.url), "utf8");

/** The page at "/", /docs and /openapi.json. Self-contained: no page asks another host for anything. */
export function pageRoutes(deps: Deps, operations: () => readonly Operation[]): Route[] {
  const style = read("style.css");
  const landing = read("landing.html")
    .replace("/*style*/", () => style)
    .replace("/*script*/", () => read("landing.js"));
  const script = /<script>([\s\S]*)<\/script>/.exec(landing)![1]!;
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash("sha256", script, "base64")}'`,
    "style-src 'unsafe-inline'",
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  };
  let document: Record<string, unknown> | undefined;
  let docs: string | undefined;
  const openApi = () => {
    document ??= openApiOf(operations(), deps.version);
    return document;
  };
  const page = (path: string, id: string, summary: string, text: () => string): Route => ({
    operation: {
      method: "get",
      path,
      id,
      tag: "Operations",
      summary,
      auth: "open",
      responses: { 200: { description: "The page", contentTypes: ["text/html"] } },
    },
    handle: () => new Response(text(), { headers }),
  });
  return [
    page("/", "home", "What runs here", () => landing),
    page("/docs", "docs", "This documentation", () => {
      docs ??= docsPage(openApi(), style);
      return docs;
    }),
    {
      operation: {
        method: "get",
        path: "/openapi.json",
        id: "openApi",
        tag: "Operations",
        summary: "This API as an OpenAPI 3.1 document",
        auth: "open",
        responses: { 200: { description: "OpenAPI", contentTypes: ["application/json"] } },
      },
      handle: () => json(openApi()),
    },
  ];
}
