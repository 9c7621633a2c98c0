import type { Deps } from "../deps.ts";
import { docsPage } from "../http/docs-page.ts";
import { type HtmlPage, pageHeaders, pageStyle } from "../http/html-page.ts";
import { openApiOf } from "../http/openapi.ts";
import { json, type Operation, type Route } from "../http/route.ts";

/** The API's documentation, for people and for programs. The console's pages are in api/console. */
export function pageRoutes(deps: Deps, operations: () => readonly Operation[]): Route[] {
  let document: Record<string, unknown> | undefined;
  let docs: HtmlPage | undefined;
  const openApi = () => {
    document ??= openApiOf(operations(), deps.version);
    return document;
  };
  return [
    {
      operation: {
        method: "get",
        path: "/docs",
        id: "docs",
        tag: "Operations",
        summary: "This documentation",
        auth: "open",
        responses: { 200: { description: "The page", contentTypes: ["text/html"] } },
      },
      handle() {
        docs ??= { text: docsPage(openApi(), pageStyle()), headers: pageHeaders() };
        return new Response(docs.text, { headers: docs.headers });
      },
    },
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
