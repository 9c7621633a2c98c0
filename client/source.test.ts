import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collectSource, nameOfFile } from "./source.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sparegrid-source-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return join(folder, "fn.ts");
}

/** Runs a collected npm file as the module that it is. */
async function load(code: string): Promise<Record<string, unknown>> {
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

test("a file's name becomes the function's", () => {
  expect(nameOfFile("functions/word-count.ts")).toBe("word-count");
  expect(nameOfFile("/a/kMeansFast.v2.ts")).toBe("k-means-fast-v2");
});

test("a file without imports is only its source", async () => {
  const path = await write({
    "fn.ts": 'import { map } from "sparegrid";\nexport default map({});\n',
  });
  expect(await collectSource(path)).toEqual({
    source: 'import { map } from "sparegrid";\nexport default map({});\n',
  });
});

test("relative imports come along by path, as they are written, but not type-only ones", async () => {
  const files = {
    "fn.ts":
      'import { a } from "./lib/a.ts";\nimport type { T } from "./types.ts";\nexport default a as T;\n',
    "lib/a.ts": 'import { b } from "../b";\nexport const a: number = b; // kept\n',
    "b.ts": "export const b = 1;\n",
    "types.ts": "export type T = number;\n",
    "unused.ts": "",
  };
  const { files: collected } = await collectSource(await write(files));
  expect(collected).toEqual({ "lib/a.ts": files["lib/a.ts"], "b.ts": files["b.ts"] });
});

test("an npm package is one self-contained module with just what is used, CommonJS too", async () => {
  const path = await write({
    "fn.ts":
      'import { mean, type Extra } from "stats";\nimport odd from "odd-or-not";\nimport { triple } from "odd-or-not";\nexport default [mean, odd, triple] satisfies Extra;\n',
    "node_modules/stats/package.json": '{"name":"stats","type":"module","module":"m.js"}',
    "node_modules/stats/m.js":
      'import { sum } from "./sum.js";\nexport const mean = (x) => sum(x) / x.length;\nexport const unused = "left out";\n',
    "node_modules/stats/sum.js": "export const sum = (x) => x.reduce((a, b) => a + b, 0);\n",
    "node_modules/odd-or-not/package.json": '{"name":"odd-or-not","main":"main.cjs"}',
    "node_modules/odd-or-not/main.cjs":
      "module.exports = (n) => n % 2 === 1;\nmodule.exports.triple = (n) => 3 * n;\n",
  });
  const { files } = await collectSource(path);
  expect(Object.keys(files ?? {}).sort()).toEqual([
    "node_modules/odd-or-not.js",
    "node_modules/stats.js",
  ]);
  const stats = await load(files!["node_modules/stats.js"]!);
  expect(Object.keys(stats)).toEqual(["mean"]);
  expect((stats.mean as (x: number[]) => number)([1, 2, 6])).toBe(3);
  expect(files!["node_modules/stats.js"]).not.toContain("left out");
  const odd = await load(files!["node_modules/odd-or-not.js"]!);
  expect((odd.default as (n: number) => boolean)(3)).toBe(true);
  expect((odd.triple as (n: number) => number)(3)).toBe(9);
});

test("a package that is not installed says how to install it", async () => {
  const path = await write({
    "fn.ts": 'import { x } from "@scope/not-here/sub";\nexport default x;\n',
  });
  await expect(collectSource(path)).rejects.toMatchObject({
    code: "forbidden-import",
    details: { hint: "npm install @scope/not-here" },
  });
});

test("a package that needs Node is refused with its reason", async () => {
  const path = await write({
    "fn.ts": 'import { read } from "disky";\nexport default read;\n',
    "node_modules/disky/package.json": '{"name":"disky","type":"module","main":"m.js"}',
    "node_modules/disky/m.js":
      'import fs from "fs";\nexport const read = () => fs.readFileSync("x");\n',
  });
  await expect(collectSource(path)).rejects.toThrow('needs Node\'s "fs"');
});

test("an import of Node itself is left to the API, which knows its position", async () => {
  const source = 'import fs from "node:fs";\nimport os from "os";\nexport default [fs, os];\n';
  expect(await collectSource(await write({ "fn.ts": source }))).toEqual({ source });
});

test("a syntax error and a missing file are told with their position", async () => {
  const broken = await write({ "fn.ts": "const a = 1;\nexport default (;\n" });
  await expect(collectSource(broken)).rejects.toMatchObject({
    code: "syntax-error",
    details: { at: { file: "fn.ts", line: 2, column: 17 } },
  });
  const missing = await write({ "fn.ts": '\nimport "./gone.ts";\n' });
  await expect(collectSource(missing)).rejects.toMatchObject({
    code: "forbidden-import",
    message: 'cannot find "./gone.ts"',
    details: { at: { line: 2 } },
  });
});

test("a file outside the function's folder is refused", async () => {
  await write({ "outside.ts": "export const x = 1;\n" });
  await write({ "inner/fn.ts": 'import { x } from "../outside.ts";\nexport default x;\n' });
  await expect(collectSource(join(folder, "inner/fn.ts"))).rejects.toMatchObject({
    code: "forbidden-import",
    details: { hint: expect.stringContaining("next to the function") },
  });
});

test("a file that does not exist is named", async () => {
  await expect(collectSource(join(folder, "no.ts"))).rejects.toThrow("no such file");
});
