import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** The server that this installation has joined, and the key it got there. */
export interface KeptKey {
  url: string;
  key: string;
}

const fileName = "credentials.json";

/** Undefined when it has not joined; a file that was damaged counts as none. */
export async function readKey(dataDir: string): Promise<KeptKey | undefined> {
  const text = await readFile(join(dataDir, fileName), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "{}";
    throw error;
  });
  try {
    const { url, key } = JSON.parse(text) as Record<string, unknown>;
    return typeof url === "string" && typeof key === "string" ? { url, key } : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and for its owner's eyes only. Returns the file's path. */
export async function keepKey(dataDir: string, { url, key }: KeptKey): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, fileName);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ url, key }, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return path;
}
