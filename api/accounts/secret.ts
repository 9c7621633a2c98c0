import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";

const secretChars = 64;

/**
 * What signs the sessions' cookies: 32 random bytes in DATA_DIR/secret, made on the first start. A copy of the database
 * alone lets nobody in. Whoever deletes the file signs everyone out.
 * @throws Error when the file exists but is none of ours
 */
export async function readSecret(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, "secret");
  const known = await readKnown(path);
  if (known !== undefined) return known;
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${randomBytes(secretChars / 2).toString("hex")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link, unlike a rename, does not take the place of what another process has just made.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(draft);
  }
  const made = await readKnown(path);
  if (made === undefined) throw new Error(`${path} vanished while the server started.`);
  return made;
}

async function readKnown(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (!/^[0-9a-f]+$/.test(text) || text.length !== secretChars)
    throw new Error(`${path} is damaged; delete it to get a new one, which signs everyone out.`);
  return text;
}
