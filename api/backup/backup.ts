import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { GridError } from "../../protocol/errors.ts";
import type { LedgerReport } from "../ledger/port.ts";
import { copyDatabase, databaseName, inspectCopy } from "./copy.ts";
import { renameDurably } from "./rename-durably.ts";

export interface BackedUp {
  file: string;
  bytes: number;
}

/**
 * Writes the database to a file, which appears when it is whole. The API may be running.
 * @throws GridError conflict (the file exists), not-found, disk-full
 */
export async function backUp(dataDir: string, file: string, force: boolean): Promise<BackedUp> {
  const target = resolve(file);
  if (!force && existsSync(target))
    throw new GridError("conflict", `${target} exists.`, { hint: "--force replaces it." });
  if (!existsSync(dirname(target)))
    throw new GridError("not-found", `There is no folder ${dirname(target)}.`);
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}`);
  try {
    await copyDatabase(dataDir, draft);
    // It has the hashes of passwords and keys.
    chmodSync(draft, 0o600);
    renameDurably(draft, target);
  } finally {
    rmSync(draft, { force: true });
  }
  return { file: target, bytes: statSync(target).size };
}

/** Verifies the ledger of a data folder on a copy, whether or not an API works on it. @throws GridError */
export async function verifyOffline(dataDir: string): Promise<LedgerReport> {
  const folder = mkdtempSync(join(tmpdir(), "sparegrid-verify-"));
  try {
    await copyDatabase(dataDir, join(folder, databaseName));
    return inspectCopy(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
