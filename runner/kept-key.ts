import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** The server that this installation has joined, and the key it got there. */
export interface KeptKey {
  url: string;
  key: string;
  /** What people know the machine by, when it is not the host's name. */
  name?: string;
}

const fileName = "credentials.json";

/** Undefined when it has not joined; a file that was damaged counts as none. */
export async function readKey(dataDir: string): Promise<KeptKey | undefined> {
  const text = await readFile(join(dataDir, fileName), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "{}";
    throw error;
  });
  try {
    const { url, key, name } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url !== "string" || typeof key !== "string") return undefined;
    return { url, key, ...(typeof name === "string" && { name }) };
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and for its owner's eyes only. Returns the file's path. */
export async function keepKey(dataDir: string, kept: KeptKey): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, fileName);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(kept, null, 2)}\n`);
      // Root, who joins for a service, leaves the key to the user that systemd gave the folder to.
      const { uid, gid } = await stat(dataDir);
      if (process.getuid?.() === 0) await file.chown(uid, gid);
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
