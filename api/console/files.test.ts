import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiEnv } from "../http/context.ts";
import { serveConsole } from "./files.ts";

const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "sparegrid-console-"));
  await mkdir(path.join(folder, "assets"));
  await writeFile(path.join(folder, "index.html"), "<!doctype html><head></head>the console");
  const pages = {
    "/jobs/:id": ["assets/job.js"],
    "/jobs/compare": ["assets/compare.js", "assets/a.css"],
  };
  await writeFile(path.join(folder, "pages.json"), JSON.stringify(pages));
  await writeFile(path.join(folder, "assets/main-abc.js"), "plain");
  await writeFile(path.join(folder, "assets/main-abc.js.br"), "pressed");
  await writeFile(path.join(folder, "..", `${path.basename(folder)}.txt`), "outside");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(`${folder}.txt`, { force: true });
});

interface Given {
  whileAbsent?: () => Response | undefined;
  me?: unknown;
}

function appOf(root: string, { whileAbsent = () => undefined, me = null }: Given = {}) {
  const app = new Hono<ApiEnv>();
  const serve = serveConsole(root, whileAbsent);
  app.notFound(async (c) => (await serve(c, async () => me)) ?? c.text("no route", 404));
  return app;
}

const opened = async (asked: string, given: Given = {}) =>
  (await appOf(folder, given).request(asked, { headers: browser })).text();

describe("the console's files", () => {
  test.each(["/", "/jobs/job_1", "/f/ada/word-count"])(
    "a browser that opens %s gets the document, under a policy, never from its cache",
    async (asked) => {
      const response = await appOf(folder).request(asked, { headers: browser });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain("the console");
      expect(response.headers.get("content-type")).toContain("text/html");
      expect(response.headers.get("cache-control")).toBe("private, no-cache");
      const policy = response.headers.get("content-security-policy");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
    },
  );

  test("a page's own files are named in its document, by its address", async () => {
    const job = '<link rel="modulepreload" crossorigin href="/assets/job.js">';
    expect(await opened("/jobs/job_1")).toContain(`${job}<script`);
    const compare = await opened("/jobs/compare");
    expect(compare).toContain('<link rel="stylesheet" crossorigin href="/assets/a.css">');
    expect(compare).not.toContain("job.js");
    for (const asked of ["/", "/jobs", "/jobs/", "/jobs/a/b", "/constructor"])
      expect(await opened(asked)).not.toContain("<link");
  });

  test("a member's browser asks for the job of a job's page at once", async () => {
    const link = '<link rel="preload" as="fetch" crossorigin href="/v1/jobs/job_1">';
    expect(await opened("/jobs/job_1", { me: { handle: "ada" } })).toContain(link);
    for (const [asked, me] of [
      ["/jobs/job_1", null],
      ["/jobs/compare", { handle: "ada" }],
      ["/jobs/job_%22%3E", { handle: "ada" }],
    ] as const)
      expect(await opened(asked, { me })).not.toContain('preload" as');
  });

  test("the document says who is signed in, as data, whatever their name", async () => {
    const me = { name: "</script><script>alert(1)</script><!--" };
    const html = await opened("/", { me });
    const text = /<script type="application\/json" id="me">(.*?)<\/script>/.exec(html)?.[1] ?? "";
    expect(text).not.toContain("<");
    expect(JSON.parse(text)).toEqual(me);
    expect(await opened("/", { me: null })).toContain('id="me">null</script>');
  });

  test("a new build is seen at once", async () => {
    const app = appOf(folder);
    const index = path.join(folder, "index.html");
    const before = await readFile(index, "utf8");
    const get = async () => (await app.request("/", { headers: browser })).text();
    expect(await get()).toContain("the console");
    await writeFile(index, before.replace("the console", "the new one"));
    expect(await get()).toContain("the new one");
    await writeFile(index, before);
  });

  test("assets are kept for ever, and sent compressed to who can read that", async () => {
    const headers = { "accept-encoding": "br" };
    const response = await appOf(folder).request("/assets/main-abc.js", { headers });
    expect(response.headers.get("cache-control")).toContain("immutable");
    expect(response.headers.get("content-encoding")).toBe("br");
    expect(response.headers.get("content-type")).toContain("javascript");
    const plain = await appOf(folder).request("/assets/main-abc.js");
    expect(await plain.text()).toBe("plain");
  });

  test.each(["/v1/nothing", "/v1/jobs.js", "/assets/gone.js"])(
    "%s is not the console's",
    async (asked) => {
      const response = await appOf(folder).request(asked, { headers: browser });
      expect(response.status).toBe(404);
    },
  );

  test("programs get the problem, and nothing outside the folder is served", async () => {
    const app = appOf(folder);
    expect((await app.request("/jobs/job_1", { headers: { accept: "*/*" } })).status).toBe(404);
    expect((await app.request("/", { method: "POST", headers: browser })).status).toBe(404);
    const outside = `/assets/..%2f..%2f${path.basename(folder)}.txt`;
    expect((await app.request(outside, { headers: browser })).status).toBe(404);
  });

  test("a browser is told while there are no files yet", async () => {
    const absent = path.join(folder, "absent");
    const whileAbsent = () => new Response("being built", { status: 503 });
    const app = appOf(absent, { whileAbsent });
    expect((await app.request("/", { headers: browser })).status).toBe(503);
    expect((await app.request("/assets/x.js")).status).toBe(404);
    expect((await appOf(absent).request("/", { headers: browser })).status).toBe(404);
  });
});
