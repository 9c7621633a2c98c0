import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));

/** In a released package this file lies beside, and neither esbuild nor the sources are needed. */
const prebuiltPath = join(here, "executor.cjs");

/**
 * The child's program as one plain CommonJS file: a process that strips types, or loads many modules, takes 70 MB where
 * this takes 47. Built once per content of the sources and kept in `cacheDir`.
 * @throws when neither a prebuilt file nor esbuild is there
 */
export async function childBundlePath(cacheDir: string | undefined): Promise<string> {
  if (await isFile(prebuiltPath)) return prebuiltPath;
  const path = join(privateDirectory(cacheDir), `executor-${sourcesDigest()}.cjs`);
  if (await isFile(path)) return path;
  const unfinished = `${path}.${randomUUID()}`;
  writeFileSync(unfinished, await buildChildBundle(), { mode: 0o600 });
  renameSync(unfinished, path);
  return path;
}

/** By another process: esbuild, its service and the type stripper would take 25 MB of this one for good. */
async function buildChildBundle(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(here, "build-child.ts")]);
  return stdout;
}

/** Names what the bundle is made of, without building it: any change to a source gives another file. */
function sourcesDigest(): string {
  const digest = createHash("sha256");
  for (const directory of [join(here, "child"), here, join(here, "../protocol")]) {
    for (const name of readdirSync(directory).sort()) {
      if (name.endsWith(".ts") && !name.endsWith(".test.ts"))
        digest.update(name).update(readFileSync(join(directory, name)));
    }
  }
  return digest.digest("hex").slice(0, 32);
}

/**
 * A directory that nobody else can write to: the shared temp dir would let another user of the machine put his program
 * where ours is looked for.
 */
function privateDirectory(cacheDir: string | undefined): string {
  const uid = process.getuid?.();
  const path = cacheDir ?? join(tmpdir(), `sparegrid-${uid ?? "sandbox"}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  const ours = uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0);
  if (!found.isDirectory() || !ours)
    throw new Error(`${path} is not a directory that only this user can write to`);
  return path;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
