import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { buildOf, pack } from "./pack.ts";
import { packageFilesSchema } from "./package-file.ts";

const program = fileURLToPath(new URL("./build.ts", import.meta.url));

function build() {
  const text = execFileSync(process.execPath, [program], {
    encoding: "utf8",
    cwd: "/",
    maxBuffer: 64 * 1024 * 1024,
  });
  return packageFilesSchema.parse(JSON.parse(text));
}

it("gives the same bytes for the same sources, whenever and from wherever", async () => {
  const first = build();
  const bytes = await pack(first);
  await sleep(1_100);
  const second = build();
  expect(buildOf(second)).toBe(buildOf(first));
  expect(bytes.equals(await pack(second))).toBe(true);
});

it("gives another build for other content", () => {
  const file = { name: "a", text: "1", executable: false };
  expect(buildOf([file])).not.toBe(buildOf([{ ...file, text: "2" }]));
  expect(buildOf([file])).not.toBe(buildOf([{ ...file, executable: true }]));
});

it("names nothing of the machine that it is built on", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  expect(build().filter(({ text }) => text.includes(root))).toEqual([]);
});
