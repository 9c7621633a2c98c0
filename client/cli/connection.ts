import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { type Client, createClient } from "../index.ts";
import { UsageError } from "./report.ts";

export interface Connection {
  url: string;
  key: string | undefined;
  /** Where the two came from, for people. */
  urlFrom: string;
  keyFrom: string;
}

export interface ConnectionFlags {
  url?: string | undefined;
  key?: string | undefined;
}

const urlDefault = "http://127.0.0.1:8080";
const credentialsSchema = z.object({ url: z.string(), key: z.string() });

export function credentialsPath(env: NodeJS.ProcessEnv): string {
  return resolve(join(env.DATA_DIR ?? ".sparegrid", "credentials.json"));
}

/**
 * Where the API is and with which key: flags, then SPAREGRID_URL and SPAREGRID_KEY, then DATA_DIR/credentials.json,
 * which the API writes on its own machine. The file's key is only used with the file's URL, so that it is never sent
 * elsewhere.
 */
export async function findConnection(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
): Promise<Connection> {
  const path = credentialsPath(env);
  const file = await readCredentials(path);
  const given = flags.url ?? env.SPAREGRID_URL;
  const url = given ?? file?.url ?? urlDefault;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is no http(s) URL`, "such as http://127.0.0.1:8080");
  const fileServes = file !== undefined && sameOrigin(file.url, url);
  const key = flags.key ?? env.SPAREGRID_KEY ?? (fileServes ? file.key : undefined);
  return {
    url,
    key,
    urlFrom:
      flags.url !== undefined
        ? "--url"
        : env.SPAREGRID_URL !== undefined
          ? "SPAREGRID_URL"
          : file !== undefined
            ? path
            : "the default",
    keyFrom:
      flags.key !== undefined
        ? "--key"
        : env.SPAREGRID_KEY !== undefined
          ? "SPAREGRID_KEY"
          : key !== undefined
            ? path
            : "nowhere",
  };
}

export async function connect(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Promise<Client> {
  const { url, key } = await findConnection(flags, env);
  return createClient({ url, key });
}

async function readCredentials(
  path: string,
): Promise<z.infer<typeof credentialsSchema> | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch {
    throw new UsageError(`${path} is not a credentials file`, "remove it and restart the API");
  }
}

function sameOrigin(left: string, right: string): boolean {
  return (
    URL.canParse(left) && URL.canParse(right) && new URL(left).origin === new URL(right).origin
  );
}
