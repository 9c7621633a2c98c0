import SQLite from "better-sqlite3";
import { GridError } from "../../protocol/errors.ts";

/** A disk that is full, fails or is held by another process, as the error it is for callers; anything else as it came. */
export function translated(error: unknown): unknown {
  if (!(error instanceof SQLite.SqliteError)) return error;
  const { code } = error;
  if (code === "SQLITE_FULL")
    return new GridError(
      "disk-full",
      "The disk is full, and nothing of this was written.",
      { hint: "The same request may be sent again once there is room." },
      { cause: error },
    );
  if (code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_BUSY"))
    return new GridError(
      "store-unavailable",
      "The database takes no writes now, and nothing of this was written.",
      {},
      { cause: error },
    );
  return error;
}

/** Whether it is the disk's fault, which whatever shares the transaction suffers as well. */
export function isDiskFault(error: unknown): boolean {
  return (
    error instanceof GridError && (error.code === "disk-full" || error.code === "store-unavailable")
  );
}
