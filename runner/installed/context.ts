import { homedir, userInfo } from "node:os";
import { resolve } from "node:path";
import type { CommandLine } from "./command-line.ts";
import type { Installation } from "./installation.ts";
import { dataDirOf, type PlacesOptions, systemDataDir } from "./places.ts";

/** What every command works with. */
export interface Context {
  line: CommandLine;
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  installation: Installation;
  signal: AbortSignal;
  /** A line for the person at the terminal. */
  say(text: string): void;
}

export function placesOf({ platform, env }: Context): PlacesOptions {
  return { platform, env, home: env.HOME || homedir() };
}

/** Absolute: a service starts elsewhere. */
export function dataDirFor(context: Context): string {
  const { line, env } = context;
  if (line.system) return systemDataDir;
  return resolve(line.dataDir ?? env.SPAREGRID_DATA_DIR ?? dataDirOf(placesOf(context)));
}

/** What the machine is to be known by, if it was said. */
export function nameFor({ line, env }: Context): string | undefined {
  return line.name ?? env.SPAREGRID_NAME;
}

export function userName(): string {
  return userInfo().username;
}
