import { readdirSync, statSync } from "node:fs";
import path from "node:path";

/** The time of the last change in a file or folder, ms; 0 when there is none. */
export function newest(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(file).map((name) => newest(path.join(file, name))));
}
