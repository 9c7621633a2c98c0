import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { childBundlePath } from "./child-bundle.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sparegrid-bundle-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

it("builds the child's program once, with nothing in it but Node's own modules to load", async () => {
  const path = await childBundlePath(directory);
  const { mtimeMs } = await stat(path);
  expect(await childBundlePath(directory)).toBe(path);
  expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  expect(await readdir(directory)).toHaveLength(1);
  const required = (await readFile(path, "utf8")).matchAll(/require\(["']([^"']+)["']\)/g);
  expect([...new Set([...required].map(([, name]) => name))].sort()).toEqual([
    "node:crypto",
    "node:fs",
  ]);
});

it("builds it once for many that start together", async () => {
  const paths = await Promise.all(Array.from({ length: 4 }, () => childBundlePath(directory)));
  expect(new Set(paths).size).toBe(1);
  expect(await readdir(directory)).toHaveLength(1);
});

it.skipIf(process.platform === "win32")(
  "takes no program from a directory that others can write to",
  async () => {
    await chmod(directory, 0o777);
    await expect(childBundlePath(directory)).rejects.toThrow("only this user");
  },
);
