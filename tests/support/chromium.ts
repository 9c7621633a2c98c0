import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";

export const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Chromium on the PATH; undefined when there is none. In CI there must be one. */
export function chromiumPath(): string | undefined {
  const found = (process.env.PATH ?? "")
    .split(path.delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser"].map((name) => path.join(folder, name)))
    .find(isExecutable);
  if (found === undefined || spawnSync(found, ["--version"]).status !== 0) {
    if (process.env.CI) throw new Error("chromium is not on the PATH (CI is set)");
    return undefined;
  }
  return found;
}

export function chromiumInstalled(): boolean {
  return chromiumPath() !== undefined;
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath()!, args: chromiumFlags });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
