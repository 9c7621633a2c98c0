import { hostname } from "node:os";
import { createClient } from "../index.ts";
import { sameOrigin } from "./connection.ts";
import type { Context } from "./context.ts";
import { readCredentials, runnerCredentialsPath, writeCredentials } from "./credentials.ts";
import { loginByDevice } from "./device-login.ts";

export interface RunnerToJoin {
  url: string;
  name?: string | undefined;
  /** Where the runner keeps its identity, and so its key. */
  dataDir?: string | undefined;
}

/** The key that this installation got for this API when it was joined. */
export async function joinedKey(
  url: string,
  env: NodeJS.ProcessEnv,
  dataDir: string | undefined,
): Promise<string | undefined> {
  const kept = await readCredentials(runnerCredentialsPath(env, dataDir));
  return kept && sameOrigin(kept.url, url) ? kept.key : undefined;
}

/** Gets a key that is good for lending this machine only, and keeps it with the runner's identity. */
export async function joinRunner(
  { terminal, env, signal }: Context,
  { url, name = env.SPAREGRID_NAME ?? hostname(), dataDir }: RunnerToJoin,
): Promise<string> {
  const key = await loginByDevice(createClient({ url }), terminal, {
    name: `runner ${name}`.slice(0, 100),
    scopes: ["runners"],
    signal,
  });
  const path = runnerCredentialsPath(env, dataDir);
  await writeCredentials(path, { url, key });
  terminal.say(`${terminal.colors.green("✔")} joined; the key is in ${path}`);
  return key;
}
