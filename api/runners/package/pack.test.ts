import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { buildOf, pack } from "./pack.ts";
import { bytesOf, packageFile, packageFilesSchema } from "./package-file.ts";

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
  const others = [packageFile("a", "2"), packageFile("b", "1"), packageFile("a", "1", true)];
  for (const other of others) expect(buildOf([packageFile("a", "1")])).not.toBe(buildOf([other]));
});

it("names nothing of the machine that it is built on", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  expect(build().filter((file) => bytesOf(file).includes(root))).toEqual([]);
});
