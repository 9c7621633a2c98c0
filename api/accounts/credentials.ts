import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** What a command on the same machine needs to reach this API: DATA_DIR/credentials.json. */
export const credentialsSchema = z.object({ url: z.string(), key: z.string().min(32) });
export type Credentials = z.infer<typeof credentialsSchema>;

export function credentialsPath(dataDir: string): string {
  return join(dataDir, "credentials.json");
}

/**
 * The operator's key, made on the first start and kept after. Only the operator may read the file (0600 in a 0700
 * directory).
 * @throws Error when the file exists but cannot be used; it is never overwritten then
 */
export async function operatorKey(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await chmod(dataDir, 0o700);
  const path = credentialsPath(dataDir);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return `sgk_${randomBytes(32).toString("base64url")}`;
  }
  try {
    return credentialsSchema.parse(JSON.parse(text)).key;
  } catch (cause) {
    throw new Error(`${path} is damaged; repair it, or delete it to get a new key.`, { cause });
  }
}

/** Written whole or not at all: a new file takes the old one's place. */
export async function writeCredentials(dataDir: string, credentials: Credentials): Promise<void> {
  const path = credentialsPath(dataDir);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}
