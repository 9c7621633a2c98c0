import { posix, win32 } from "node:path";

export interface PlacesOptions {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

/** Where programs of this system keep what they have to keep. Pure. */
export function dataDirOf({ platform, env, home }: PlacesOptions): string {
  const name = "sparegrid-runner";
  if (platform === "win32")
    return win32.join(env.LOCALAPPDATA || win32.join(home, "AppData", "Local"), name);
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", name);
  return posix.join(env.XDG_DATA_HOME || posix.join(home, ".local", "share"), name);
}

/** Of a service for the whole machine: systemd makes it. */
export const systemDataDir = "/var/lib/sparegrid-runner";

export function configHomeOf({ env, home }: PlacesOptions): string {
  return env.XDG_CONFIG_HOME || posix.join(home, ".config");
}

/** What a runner keeps in its data folder, and nothing else is ever removed from there. */
export const dataNames = [
  "runner.json",
  "credentials.json",
  "settings.json",
  "running.json",
  "network.json",
  "cache",
  "runner.log",
  "runner.log.1",
  "task.xml",
] as const;
