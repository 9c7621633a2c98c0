import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../protocol/ids.ts";

/**
 * The installation's stable id, made on first use and kept in `runner.json`. Without a directory it is new each time.
 * @throws the file system's error when the directory cannot be written
 */
export async function readIdentity(dataDir: string | undefined, nowMs: number): Promise<string> {
  if (dataDir === undefined) return newId("runner", nowMs);
  const path = join(dataDir, "runner.json");
  try {
    const { id } = JSON.parse(await readFile(path, "utf8")) as { id?: unknown };
    if (typeof id === "string" && id.length > 0 && id.length <= 100) return id;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!missing && !(error instanceof SyntaxError)) throw error;
  }
  const id = newId("runner", nowMs);
  await mkdir(dataDir, { recursive: true });
  // Written aside and renamed, so that a crash never leaves half a file.
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify({ id }, null, 2)}\n`);
  await rename(draft, path);
  return id;
}
