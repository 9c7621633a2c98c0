import { existsSync } from "node:fs";
import path from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import type { ApiContext } from "../http/context.ts";
import { assetHeaders, documentHeaders, fileHeaders } from "./headers.ts";

export const consoleFolder = path.resolve(import.meta.dirname, "../../dist/console");
const document = "index.html";

/** Undefined for what is not the console's to answer. */
export type ServeConsole = (c: ApiContext) => Promise<Response | undefined>;

/**
 * The website's files, as `npm run build` leaves them. Every address that a browser opens and that no route has is the
 * website's one document, which knows its pages itself; programs that ask for such an address get the problem document.
 * @param whileAbsent answers a browser as long as there are no files
 */
export function serveConsole(
  folder: string,
  whileAbsent: () => Response | undefined,
): ServeConsole {
  // Made when they are needed: serveStatic complains of a folder that is not there yet.
  const make = (file?: string) =>
    serveStatic<never>({ root: folder, precompressed: true, ...(file ? { path: file } : {}) });
  let files: ReturnType<typeof make> | undefined;
  let page: ReturnType<typeof make> | undefined;

  return async (c) => {
    const { path: asked } = c.req;
    const { method } = c.req.raw;
    if ((method !== "GET" && method !== "HEAD") || asked.startsWith("/v1/")) return undefined;
    const isFile = /\.[a-z0-9]+$/.test(asked);
    const wantsPage = !isFile && (c.req.header("accept") ?? "").includes("text/html");
    if (!isFile && !wantsPage) return undefined;
    if (!existsSync(path.join(folder, document))) return wantsPage ? whileAbsent() : undefined;
    files ??= make();
    page ??= make(document);
    // Typed for any environment, which an environment of our own is.
    const served = await (wantsPage ? page : files)(c as never, async () => undefined);
    if (!(served instanceof Response)) return undefined;
    const headers = wantsPage
      ? documentHeaders
      : asked.startsWith("/assets/")
        ? assetHeaders
        : fileHeaders;
    for (const [name, value] of Object.entries(headers)) served.headers.set(name, value);
    return served;
  };
}
