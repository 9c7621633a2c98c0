import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const data = join(import.meta.dirname, "../data");

/** Text of a file in functions/data, unpacked. */
export function readData(name: string): string {
  const bytes = readFileSync(join(data, name));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}

export function dataPath(name: string): string {
  return join(data, name);
}

/** Lines without their ends. */
export function readLines(name: string): string[] {
  return readData(name).replace(/\n$/, "").split("\n");
}

export function readNumbers(name: string, { skipLines = 0 } = {}): number[][] {
  return readLines(name)
    .slice(skipLines)
    .map((line) => line.split(",").map(Number));
}

/** Cuts a list into shards of some size, so that merging is at work too. */
export function shardsOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}

/** What a shell pipeline (GNU coreutils, grep, awk: programs that know nothing of ours) prints, as lines. */
export function shell(script: string, input?: string): string[] {
  const output = execFileSync("sh", ["-c", script], {
    input,
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 2 ** 30,
  });
  return output.toString().trimEnd().split("\n");
}
