import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { UsageError } from "./report.ts";

/** Where an API is, and a key for it. */
const credentialsSchema = z.object({ url: z.string(), key: z.string() });
export type Credentials = z.infer<typeof credentialsSchema>;

const fileName = "credentials.json";

/** Where an API on this machine keeps its data. */
export function dataDirOf(env: NodeJS.ProcessEnv): string {
  return resolve(env.DATA_DIR || ".sparegrid");
}

/** What the API writes on its own machine. */
export function serverCredentialsPath(env: NodeJS.ProcessEnv): string {
  return join(dataDirOf(env), fileName);
}

/** What `sparegrid login` keeps. */
export function userCredentialsPath(env: NodeJS.ProcessEnv): string {
  const config = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config");
  return join(config, "sparegrid", fileName);
}

/** What a runner that was joined keeps, beside its identity. */
export function runnerCredentialsPath(env: NodeJS.ProcessEnv, dataDir?: string): string {
  const folder =
    dataDir ?? env.SPAREGRID_DATA_DIR ?? join(env.HOME || homedir(), ".sparegrid/runner");
  return resolve(join(folder, fileName));
}

/** Undefined when there is none. @throws UsageError when it cannot be read */
export async function readCredentials(path: string): Promise<Credentials | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch {
    throw new UsageError(
      `${path} is not a credentials file`,
      "remove it; the next login makes one",
    );
  }
}

/** Whole or not at all, and for its owner's eyes only. */
export async function writeCredentials(path: string, credentials: Credentials): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path).catch(async (error: unknown) => {
    await rm(draft, { force: true });
    throw error;
  });
}

export async function removeCredentials(path: string): Promise<void> {
  await rm(path, { force: true });
}
