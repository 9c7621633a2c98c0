import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { logFile } from "./log-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-log-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("keeps one file and the one before it, each within its bound", async () => {
  const path = join(folder, "logs", "runner.log");
  const log = logFile(path, 100);
  for (let i = 0; i < 50; i++) log.write(`line ${i}\n`);
  const [now, before] = await Promise.all([readFile(path, "utf8"), readFile(`${path}.1`, "utf8")]);
  expect(before + now).toMatch(/line 48\nline 49\n$/);
  expect(now.length).toBeLessThanOrEqual(100);
  expect(before.length).toBeLessThanOrEqual(100);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it("goes on where it stopped, and counts what is there", async () => {
  const path = join(folder, "runner.log");
  logFile(path, 20).write("first line\n");
  logFile(path, 20).write("second line\n");
  expect(await readFile(`${path}.1`, "utf8")).toBe("first line\n");
  expect(await readFile(path, "utf8")).toBe("second line\n");
});

it("does not end the runner when nothing can be written", async () => {
  const path = join(folder, "runner.log");
  const log = logFile(path);
  await rm(folder, { recursive: true });
  expect(() => log.write("line\n")).not.toThrow();
  folder = await mkdtemp(join(tmpdir(), "runner-log-"));
});
