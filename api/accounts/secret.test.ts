import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSecret } from "./secret.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-secret-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test("the secret is made once, whoever else starts at the same time, for its owner's eyes only", async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => readSecret(dataDir)));
  expect(new Set(made).size).toBe(1);
  expect(made[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(await readSecret(dataDir)).toBe(made[0]);
  expect((await stat(join(dataDir, "secret"))).mode & 0o777).toBe(0o600);
  expect(await readdir(dataDir)).toEqual(["secret"]);
});

test("a damaged secret is reported and left alone", async () => {
  const path = join(dataDir, "secret");
  await writeFile(path, "short");
  await expect(readSecret(dataDir)).rejects.toThrow("damaged");
  expect(await readFile(path, "utf8")).toBe("short");
});
