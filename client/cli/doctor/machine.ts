import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bad, type Finding, good, skip, warn } from "./check.ts";

const nodeMajor = 26;
const childTimeoutMs = 15_000;
const root = fileURLToPath(new URL("../../../", import.meta.url));
const run = promisify(execFile);

export function checkNode(version = process.version): Finding {
  const major = Number(version.slice(1).split(".")[0]);
  if (major >= nodeMajor) return good("Node", `${version}, V8 ${process.versions.v8}`);
  return bad("Node", `${version} is too old`, "npm install brings the right one along; use npx");
}

/** In a child of its own, as executors are started: a broken addon would take this process with it. */
export async function checkSandbox(): Promise<Finding> {
  const script = `import ivm from "isolated-vm";
    const isolate = new ivm.Isolate({ memoryLimit: 16 });
    const script = isolate.compileScriptSync("6 * 7");
    if (script.runSync(isolate.createContextSync()) !== 42) throw new Error("wrong answer");`;
  const failure = await childFailure(["--no-node-snapshot", "--input-type=module", "-e", script]);
  if (failure === undefined) return good("Sandbox", "isolated-vm loads and runs");
  return bad("Sandbox", `isolated-vm does not load: ${failure}`, "npm rebuild isolated-vm");
}

export async function checkDatabase(): Promise<Finding> {
  const script = `import Database from "better-sqlite3";
    if (new Database(":memory:").prepare("select 42 as n").get().n !== 42) throw new Error("wrong answer");`;
  const failure = await childFailure(["--input-type=module", "-e", script]);
  if (failure === undefined) return good("SQLite", "better-sqlite3 loads and runs");
  return bad("SQLite", `better-sqlite3 does not load: ${failure}`, "npm rebuild better-sqlite3");
}

/** What the child said before it died, in a line; undefined when it lived. */
async function childFailure(args: readonly string[]): Promise<string | undefined> {
  try {
    await run(process.execPath, args, { cwd: root, timeout: childTimeoutMs });
    return undefined;
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    return (
      stderr
        .split("\n")
        .find((line) => /Error|error/.test(line))
        ?.trim() ?? message
    );
  }
}

export async function checkDataDir(path: string): Promise<Finding> {
  const name = "Data folder";
  const shown = resolve(path);
  const exists = await stat(shown).catch(() => undefined);
  if (exists !== undefined && !exists.isDirectory())
    return bad(name, `${shown} is a file`, "set DATA_DIR to a folder");
  const nearest = exists === undefined ? await nearestFolder(shown) : shown;
  const writable = await access(nearest, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return bad(name, `${shown} cannot be written`, "set DATA_DIR to a folder of your own");
  if (exists === undefined) return good(name, `${shown} (made at the first start)`);
  return good(name, shown);
}

async function nearestFolder(path: string): Promise<string> {
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((await stat(at).catch(() => undefined))?.isDirectory() || at === dirname(at)) return at;
  }
}

/** The key opens everything; only its owner may read it. */
export async function checkCredentials(path: string): Promise<Finding> {
  const name = "Credentials";
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    return skip(name, `${path} is not there (no API has run on this machine)`);
  const mode = found.mode & 0o777;
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    return warn(
      name,
      `${path} can be read by others (mode ${mode.toString(8)})`,
      `chmod 600 ${path}`,
    );
  return good(name, path);
}
