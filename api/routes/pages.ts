import type { Deps } from "../deps.ts";
import { docsPage } from "../http/docs-page.ts";
import { type HtmlPage, htmlPage, pageHeaders, pageStyle } from "../http/html-page.ts";
import { openApiOf } from "../http/openapi.ts";
import { json, type Operation, type Route } from "../http/route.ts";

/** What people open in a browser, and /openapi.json. */
export function pageRoutes(deps: Deps, operations: () => readonly Operation[]): Route[] {
  const landing = htmlPage("landing", ["landing.js"]);
  const signIn = htmlPage("sign-in", ["ask.js", "sign-in.js"]);
  const device = htmlPage("device", ["ask.js", "device.js"]);
  let document: Record<string, unknown> | undefined;
  let docs: HtmlPage | undefined;
  const openApi = () => {
    document ??= openApiOf(operations(), deps.version);
    return document;
  };
  const page = (path: string, id: string, summary: string, read: () => HtmlPage): Route => ({
    operation: {
      method: "get",
      path,
      id,
      tag: "Operations",
      summary,
      auth: "open",
      responses: { 200: { description: "The page", contentTypes: ["text/html"] } },
    },
    handle() {
      const { text, headers } = read();
      return new Response(text, { headers });
    },
  });
  return [
    page("/", "home", "What runs here", () => landing),
    page("/sign-in", "signInPage", "Signing in and up, by hand or by a link", () => signIn),
    page("/device", "devicePage", "Approving a device by its code", () => device),
    page("/docs", "docs", "This documentation", () => {
      docs ??= { text: docsPage(openApi(), pageStyle()), headers: pageHeaders() };
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
