import { hash } from "node:crypto";
import { parseTarGzip } from "nanotar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunnerRelease } from "../../protocol/http.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

async function filesOf(response: Response): Promise<Map<string, string>> {
  const entries = await parseTarGzip(await response.arrayBuffer());
  return new Map(entries.map(({ name, text }) => [name, text]));
}

describe("GET /runner.tgz", () => {
  it("is a package that npm can install without running a script", async () => {
    const files = await filesOf(await fetch(`${api.url}/runner.tgz`));
    for (const name of ["bin/sparegrid-runner.js", "runner.js", "executor.cjs", "README.md"])
      expect([...files.keys()]).toContain(`package/${name}`);
    const manifest = JSON.parse(files.get("package/package.json")!);
    expect(manifest.bin).toEqual({ "sparegrid-runner": "bin/sparegrid-runner.js" });
    expect(manifest.license).toBe("MIT");
    expect(files.get("package/LICENSE")).toContain("MIT License");
    expect(manifest.scripts).toBeUndefined();
    expect(Object.keys(manifest.dependencies)).toEqual(["isolated-vm"]);
    const release = (await (await fetch(`${api.url}/runner`)).json()) as RunnerRelease;
    expect(new Set(Object.values(manifest.optionalDependencies))).toEqual(new Set([release.node]));
    expect(Object.keys(manifest.optionalDependencies)).toHaveLength(release.platforms.length);
  });

  it("hands on the licences of what is bundled", async () => {
    const files = await filesOf(await fetch(`${api.url}/runner.tgz`));
    expect(files.get("package/THIRD-PARTY.txt")).toMatch(/^ws \d.*^pino \d|^pino \d.*^ws \d/ms);
  });

  it("knows the address that it was asked for under", async () => {
    const { port } = new URL(api.url);
    const files = await filesOf(await fetch(`http://localhost:${port}/runner.tgz`));
    expect(JSON.parse(files.get("package/server.json")!)).toMatchObject({
      url: `http://localhost:${port}`,
    });
  });

  it("is the same whenever it is asked for, and not sent again to who has it", async () => {
    const first = await fetch(`${api.url}/runner.tgz`);
    const etag = first.headers.get("etag")!;
    const bytes = new Uint8Array(await first.arrayBuffer());
    expect(etag).toBe(`"${hash("sha256", bytes)}"`);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await fetch(`${api.url}/runner.tgz`, { headers: { "if-none-match": known } });
      expect([known, again.status]).toEqual([known, 304]);
    }
    const other = await fetch(`${api.url}/runner.tgz`, { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
    await other.body?.cancel();
  });
});

describe("GET /runner", () => {
  it("describes the package, and how to install it from here", async () => {
    const release = (await (await fetch(`${api.url}/runner`)).json()) as RunnerRelease;
    const bytes = new Uint8Array(await (await fetch(release.url)).arrayBuffer());
    expect(release).toMatchObject({
      server: api.url,
      url: `${api.url}/runner.tgz`,
      bytes: bytes.byteLength,
      digest: hash("sha256", bytes),
    });
    for (const commands of Object.values(release.commands))
      expect(commands).toEqual([
        `npm install --global ${api.url}/runner.tgz`,
        "sparegrid-runner install",
      ]);
  });
});
