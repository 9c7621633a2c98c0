import { type Client, createClient } from "../index.ts";
import {
  type Credentials,
  readCredentials,
  serverCredentialsPath,
  userCredentialsPath,
} from "./credentials.ts";
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

/**
 * Where the API is and with which key: flags, then SPAREGRID_URL and SPAREGRID_KEY, then DATA_DIR/credentials.json,
 * which the API writes on its own machine, then what `sparegrid login` keeps. A file's key is only used with the file's
 * URL, so that it is never sent elsewhere.
 */
export async function findConnection(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
): Promise<Connection> {
  const files: { path: string; credentials: Credentials }[] = [];
  for (const path of [serverCredentialsPath(env), userCredentialsPath(env)]) {
    const credentials = await readCredentials(path);
    if (credentials) files.push({ path, credentials });
  }
  const [url, urlFrom] = firstOf([
    [flags.url, "--url"],
    [env.SPAREGRID_URL, "SPAREGRID_URL"],
    ...files.map(({ path, credentials }) => [credentials.url, path] as const),
    [urlDefault, "the default"],
  ]) as readonly [string, string];
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is no http(s) URL`, "such as http://127.0.0.1:8080");
  const serving = files.filter(({ credentials }) => sameOrigin(credentials.url, url));
  const [key, keyFrom] = firstOf([
    [flags.key, "--key"],
    [env.SPAREGRID_KEY, "SPAREGRID_KEY"],
    ...serving.map(({ path, credentials }) => [credentials.key, path] as const),
    [undefined, "nowhere"],
  ]);
  return { url, key, urlFrom, keyFrom };
}

export async function connect(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Promise<Client> {
  const { url, key } = await findConnection(flags, env);
  return createClient({ url, key });
}

export function sameOrigin(left: string, right: string): boolean {
  return (
    URL.canParse(left) && URL.canParse(right) && new URL(left).origin === new URL(right).origin
  );
}

/** The first that is there, else the last. */
function firstOf(
  places: readonly (readonly [string | undefined, string])[],
): readonly [string | undefined, string] {
  return places.find(([value]) => value !== undefined) ?? places.at(-1)!;
}
