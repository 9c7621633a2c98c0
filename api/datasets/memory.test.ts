import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** In a process of its own, whose memory nothing else uses. */
async function grewMb(...args: string[]): Promise<number> {
  const child = join(import.meta.dirname, "memory-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [child, ...args]);
  const { records, grewMb } = JSON.parse(stdout) as { records: number; grewMb: number };
  expect(records).toBeGreaterThan(100_000);
  console.log(`${args.join(" ")}: grew ${grewMb.toFixed(0)} MB`);
  return grewMb;
}

/** What an upload of any size may add to the API. */
const grownMbMax = 150;

test("300 MB are taken in within bounded memory", { timeout: 60_000 }, async () => {
  expect(await grewMb("lines", "300")).toBeLessThan(grownMbMax);
});

test.each(["csv 60", "matrix 60", "ndjson 60", "lines 100 gzip"])(
  "so are %s MB",
  { timeout: 60_000 },
  async (args) => {
    expect(await grewMb(...args.split(" "))).toBeLessThan(grownMbMax);
  },
);
