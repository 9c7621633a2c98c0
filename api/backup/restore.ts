import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { GridError } from "../../protocol/errors.ts";
import type { LedgerReport } from "../ledger/port.ts";
import { databaseName, inspectCopy } from "./copy.ts";
import { isInUse } from "./in-use.ts";
import { renameDurably } from "./rename-durably.ts";

export interface RestoreOptions {
  dataDir: string;
  file: string;
  /** Takes the place of a database that is there; that one is kept under another name. */
  force: boolean;
  nowMs: number;
}

export interface Restored {
  file: string;
  /** Where the database went that was there before. */
  replaced: string | undefined;
  report: LedgerReport;
}

/**
 * Puts a backup in the place of DATA_DIR/catalog.db, once it has been found sound and its ledger in order.
 * @throws GridError not-found, bad-request (not sound, or its ledger is not), conflict (an API runs, a database is there)
 */
export function restore({ dataDir, file, force, nowMs }: RestoreOptions): Restored {
  const source = resolve(file);
  if (!existsSync(source)) throw new GridError("not-found", `There is no ${source}.`);
  const target = join(dataDir, databaseName);
  requireUnused(dataDir);
  if (existsSync(target) && !force)
    throw new GridError("conflict", `There is a database already: ${target}.`, {
      hint: "--force puts the backup in its place, and keeps it under another name.",
    });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(join(dataDir, "restore-"));
  try {
    copyFileSync(source, join(draft, databaseName));
    chmodSync(join(draft, databaseName), 0o600);
    const report = inspectCopy(draft);
    if (report.violation)
      throw new GridError(
        "bad-request",
        `The ledger in ${source} is not in order: ${report.violation.message}.`,
        { name: report.violation.rule, hint: "Nothing was changed. Is there an earlier backup?" },
      );
    // What was free when this began may have been taken while the copy was looked through.
    requireUnused(dataDir);
    const replaced = setAside(target, nowMs);
    renameDurably(join(draft, databaseName), target);
    return { file: target, replaced, report };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function requireUnused(dataDir: string): void {
  if (isInUse(join(dataDir, databaseName)) || isInUse(join(dataDir, "store.db")))
    throw new GridError("conflict", `An API, or something else, works on ${dataDir}.`, {
      name: dataDir,
      hint: "Stop it first.",
    });
}

/** With what its write-ahead log still has, when its last process died. */
function setAside(target: string, nowMs: number): string | undefined {
  if (!existsSync(target)) return undefined;
  const time = new Date(nowMs).toISOString().replace(/[:.]/g, "-");
  const aside = `${target}.before-${time}`;
  for (const part of ["-wal", "-shm", ""])
    if (existsSync(target + part)) renameSync(target + part, aside + part);
  return aside;
}
