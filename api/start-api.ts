import { type Logger, pino } from "pino";
import { operatorAccount } from "../protocol/accounts.ts";
import { operatorKey, writeCredentials } from "./accounts/credentials.ts";
import { createSignInLink } from "./accounts/sign-in-link.ts";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startServer } from "./http/server.ts";
import { IncludedRunners } from "./runners/included.ts";
import { wire } from "./wire.ts";

/** Requests under way get so long to end when the server stops. */
const drainMsDefault = 10_000;

export interface StartOptions {
  /** What differs from the defaults; the environment is not read. */
  config?: Partial<Config>;
  log?: Logger;
}

export interface RunningApi {
  url: string;
  /** By which this machine reaches it, whatever stands in front of it. */
  localUrl: string;
  key: string;
  /** Signs the operator in, once; undefined as soon as the operator has a password. */
  signInUrl: string | undefined;
  deps: Deps;
  /** Stops accepting, lets requests and included runners finish, closes the store. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>;
  /** Kills the included runners, for a process that is about to exit at once. */
  kill(): void;
}

/** Starts the API with its runners in this process. @throws what opening the store or the port throws */
export async function startApi(options: StartOptions = {}): Promise<RunningApi> {
  const config: Config = { ...readConfig({}), ...options.config };
  const log = options.log ?? pino({ level: config.logLevel });
  const key = await operatorKey(config.dataDir);
  const wired = await wire(config, key, log);
  const { deps, gateway } = wired;
  try {
    const server = await startServer({
      app: createApp(deps),
      gateway,
      authenticator: deps.authenticator,
      stopping: deps.stopping,
      host: config.host,
      port: config.port,
    });
    const localUrl = `http://${reachable(config.host)}:${server.port}`;
    deps.address.listening(localUrl);
    const { url } = deps.address;
    await writeCredentials(config.dataDir, { url, key });
    const runners = new IncludedRunners({
      count: config.runners,
      url: localUrl,
      key,
      dataDir: config.dataDir,
      logLevel: config.logLevel,
      log,
    });
    let closing: Promise<void> | undefined;
    const close = async (drainMs: number) => {
      wired.stop();
      await server.drain(drainMs);
      await runners.stop();
      await wired.close();
      await server.close();
    };
    return {
      url,
      localUrl,
      key,
      signInUrl: operatorLink(deps),
      deps,
      close: ({ drainMs = drainMsDefault } = {}) => {
        closing ??= close(drainMs);
        return closing;
      },
      kill: () => runners.kill(),
    };
  } catch (error) {
    await wired.close();
    throw error;
  }
}

/** As notebook servers do: whoever can read the server's terminal is its operator. */
function operatorLink({ accounts, database, address, clock }: Deps): string | undefined {
  if (accounts.password(operatorAccount)) return undefined;
  return address.signInUrl(createSignInLink(database, operatorAccount, clock()).token);
}

/** An address that means "all of mine" is reached by the loopback; IPv6 addresses take brackets. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
