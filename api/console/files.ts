import { existsSync } from "node:fs";
import path from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import type { ApiContext } from "../http/context.ts";
import { ConsoleDocument } from "./document.ts";
import { assetHeaders, documentHeaders, fileHeaders } from "./headers.ts";

export const consoleFolder = path.resolve(import.meta.dirname, "../../dist/console");

/** Who is signed in, as GET /v1/me answers; null for nobody, undefined when that cannot be said now. */
export type WhoseConsole = (c: ApiContext) => Promise<unknown>;

/** Undefined for what is not the console's to answer. */
export type ServeConsole = (c: ApiContext, whose: WhoseConsole) => Promise<Response | undefined>;

/**
 * The website's files, as `npm run build` leaves them. Every address that a browser opens and that no route has is the
 * website's one document, which knows its pages itself; programs that ask for such an address get the problem document.
 * @param whileAbsent answers a browser as long as there are no files
 */
export function serveConsole(
  folder: string,
  whileAbsent: () => Response | undefined,
): ServeConsole {
  // Made when it is needed: serveStatic complains of a folder that is not there yet.
  let files: ReturnType<typeof serveStatic<never>> | undefined;
  const document = new ConsoleDocument(folder);

  return async (c, whose) => {
    const { path: asked } = c.req;
    const { method } = c.req.raw;
    if ((method !== "GET" && method !== "HEAD") || asked.startsWith("/v1/")) return undefined;
    if (!/\.[a-z0-9]+$/.test(asked)) {
      if (!(c.req.header("accept") ?? "").includes("text/html")) return undefined;
      const html = document.of(asked, await whose(c));
      if (html === undefined) return whileAbsent();
      const headers = { ...documentHeaders, "content-type": "text/html; charset=utf-8" };
      return new Response(method === "HEAD" ? null : html, { headers });
    }
    if (!existsSync(folder)) return undefined;
    files ??= serveStatic<never>({ root: folder, precompressed: true });
    // Typed for any environment, which an environment of our own is.
    const served = await files(c as never, async () => undefined);
    if (!(served instanceof Response)) return undefined;
    const headers = asked.startsWith("/assets/") ? assetHeaders : fileHeaders;
    for (const [name, value] of Object.entries(headers)) served.headers.set(name, value);
    return served;
  };
}
