import { hostname } from "node:os";
import { beginJoin } from "../join.ts";
import { type KeptKey, keepKey, readKey } from "../kept-key.ts";
import { type Context, nameFor } from "./context.ts";

const answerMsMax = 15_000;

export interface JoinOptions {
  url: string;
  dataDir: string;
}

/** The key of this installation for this server: the kept one, or one that someone approves now. */
export async function keyFor(context: Context, { url, dataDir }: JoinOptions): Promise<string> {
  const kept = await readKey(dataDir);
  if (kept?.url === url) return kept.key;
  return join(context, { url, dataDir });
}

/** Shows a code, waits until someone has approved it, and keeps the key. @throws GridError */
export async function join(context: Context, { url, dataDir }: JoinOptions): Promise<string> {
  const { say, signal } = context;
  const name = nameFor(context) ?? (await readKey(dataDir))?.name;
  const pending = await beginJoin({ url, name: name ?? hostname(), signal });
  const minutes = Math.max(1, Math.round((pending.expiresAtMs - Date.now()) / 60_000));
  say(`Open ${pending.link}`);
  say(`sign in, and compare the code: ${pending.code} (within ${minutes} minutes)`);
  const key = await pending.key();
  const path = await keepKey(dataDir, { url, key, ...(name !== undefined && { name }) });
  say(`Joined ${url}; the key is in ${path}`);
  return key;
}

/** Whether the server still takes the key; one that does not answer has not refused it. */
export async function isRefused({ url, key }: KeptKey, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/runners`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]),
    });
    await response.body?.cancel();
    return response.status === 401 || response.status === 403;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
