import { get, type IncomingMessage } from "node:http";
import type { Stage, VisitOptions } from "../tests/browser/stage.ts";
import { type Bench, kilobytes, type Row } from "./support/report.ts";
import { withStage } from "./support/stage.ts";

const reachBytes = 80_000;
const members = ["/jobs", "/lab"];
const visitors = ["/", "/sign-in"];

/** What a browser with nothing in its cache loads of JavaScript until a page stands. */
export const firstView: Bench = {
  name: "first-view",
  about: "JavaScript that the first view of a page loads, gzipped",
  run: (options) =>
    withStage("JavaScript of a first view", options, {}, async (stage) => {
      const as = await stage.operator();
      const visits: VisitOptions[] = [
        ...visitors.map((path) => ({ path })),
        ...members.map((path) => ({ path, as })),
      ];
      const rows: Row[] = [];
      for (const visit of visits) {
        const { files, gzipped, plain } = await scriptsOf(stage, visit);
        options.log(`${visit.path}: ${files} files, ${kilobytes(plain)} unpacked`);
        rows.push({
          measure: `JavaScript of the first view of ${visit.path}, gzipped`,
          ours: kilobytes(gzipped),
          peer: "–",
          ratio: "–",
          reach: `≤ ${kilobytes(reachBytes)}`,
          reached: gzipped <= reachBytes,
          steady: true,
        });
      }
      return rows;
    }),
};

/** Every script that the page asked for, sent once more as to a browser that reads gzip alone. */
async function scriptsOf(stage: Stage, options: VisitOptions) {
  const { page, context } = await stage.visit({ ...options, path: "/healthz" });
  const urls = new Set<string>();
  page.on("response", (response) => {
    if (response.headers()["content-type"]?.includes("javascript")) urls.add(response.url());
  });
  await page.goto(options.path ?? "/");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("networkidle");
  await context.close();
  const sizes = await Promise.all(
    [...urls].map(
      async (url) => [await sizeOf(url, "gzip"), await sizeOf(url, "identity")] as const,
    ),
  );
  return {
    files: sizes.length,
    gzipped: sizes.reduce((sum, [size]) => sum + size, 0),
    plain: sizes.reduce((sum, [, size]) => sum + size, 0),
  };
}

/** Bytes of a body as they were sent: `fetch` would unpack them. */
async function sizeOf(url: string, encoding: "gzip" | "identity"): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(url, { headers: { "accept-encoding": encoding } }, resolve).on("error", reject);
  let bytes = 0;
  for await (const chunk of await promise) bytes += (chunk as Buffer).byteLength;
  return bytes;
}
