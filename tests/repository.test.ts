import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "");
const sources = tracked.filter((file) => /\.(ts|svelte)$/.test(file) && !file.endsWith(".d.ts"));

/** What each top-level folder may import from others, besides itself. Tests and benchmarks may import everything. */
const mayImport: Record<string, readonly string[]> = {
  protocol: [],
  functions: [],
  sandbox: ["protocol"],
  api: ["protocol", "sandbox"],
  runner: ["protocol", "sandbox"],
  client: ["protocol"],
  // The client's parts that parse nothing: a schema library would be a third of the first page's weight.
  console: ["protocol", "client"],
  demo: ["client", "protocol"],
};
/** What the SDK may take from outside at run time: both sides must agree on it, and it imports nothing itself. */
const sharedWithSdk = new Set(["protocol/merge-tree.ts", "protocol/limits.ts"]);
/** Whose types alone may be imported from where: the client's by function, the demo's by what it publishes. */
const typesFrom: Record<string, readonly string[]> = {
  client: ["api", "functions"],
  demo: ["functions"],
  functions: ["protocol"],
};

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const pattern =
    /(?:import|export)\s+(type\s+)?[^;'"]*?from\s+["'](\.[^"']+)["']|import\(["'](\.[^"']+)["']\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    to: path.posix.join(path.posix.dirname(file), match[2] ?? match[3] ?? ""),
    typeOnly: match[1] !== undefined,
  }));
}

const isTest = (file: string) =>
  /\.test\.ts$|\/(testing|test-support)\/|\/(harness|hand-guest)\.ts$/.test(file) ||
  /^(tests|bench)\//.test(file);
const top = (file: string) => file.split("/")[0] ?? "";

describe("the repository", () => {
  test("imports point one way", () => {
    const wrong: string[] = [];
    for (const file of sources.filter((source) => !isTest(source))) {
      for (const { to, typeOnly } of importsOf(file)) {
        const [here, there] = [top(file), top(to)];
        if (here === there || there === "package.json") continue;
        if (mayImport[here] === undefined || mayImport[here].includes(there)) continue;
        const types = typeOnly && typesFrom[here]?.includes(there) === true;
        const sdk = file.startsWith("functions/sdk/") && sharedWithSdk.has(to);
        if (!types && !sdk) wrong.push(`${file} -> ${to}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("the SDK imports nothing at run time", () => {
    const imports = sources
      .filter((file) => file.startsWith("functions/sdk/") && !isTest(file))
      .flatMap((file) => readFileSync(path.join(root, file), "utf8").split("\n"))
      .filter((line) => /^(import|export)\s.*from\s+["'][^.]/.test(line));
    expect(imports).toEqual([]);
  });

  test("no file names this machine or a registry", () => {
    const wrong = tracked.filter((file) => {
      if (/\.(gz|png|node|wasm)$/.test(file) || file === "tests/repository.test.ts") return false;
      const text = readFileSync(path.join(root, file), "utf8");
      return /\/work\/(main|shared)|registry\.npmjs\.org|\/root\//.test(text);
    });
    expect(wrong).toEqual([]);
  });

  test("no test is skipped or focused", () => {
    const pattern = /\b(test|it|describe)\.(skip|only|todo|fails)\b/;
    const wrong = sources.filter(
      (file) =>
        isTest(file) &&
        file !== "tests/repository.test.ts" &&
        pattern.test(readFileSync(path.join(root, file), "utf8")),
    );
    expect(wrong).toEqual([]);
  });
});
