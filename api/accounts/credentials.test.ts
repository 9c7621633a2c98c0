import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { credentialsPath, operatorKey, writeCredentials } from "./credentials.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sparegrid-auth-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("the key is made once, and only its owner may read it", async () => {
  const dataDir = join(root, "data");
  const key = await operatorKey(dataDir);
  await writeCredentials(dataDir, { url: "http://127.0.0.1:1", key });
  expect(await operatorKey(dataDir)).toBe(key);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  expect((await stat(credentialsPath(dataDir))).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(credentialsPath(dataDir), "utf8"))).toEqual({
    url: "http://127.0.0.1:1",
    key,
  });
});

test("a damaged file is reported and left alone", async () => {
  await writeFile(credentialsPath(root), "{");
  await expect(operatorKey(root)).rejects.toThrow("damaged");
  expect(await readFile(credentialsPath(root), "utf8")).toBe("{");
});
