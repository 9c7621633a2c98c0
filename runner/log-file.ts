import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

const logBytesMax = 4 * 1024 * 1024;

/**
 * A pino destination for systems that keep no log of what they start: one file, and the one before it, each of at most
 * `bytesMax`.
 */
export function logFile(path: string, bytesMax = logBytesMax): { write(line: string): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    write(line) {
      const more = Buffer.byteLength(line);
      try {
        if (bytes > 0 && bytes + more > bytesMax) {
          renameSync(path, `${path}.1`);
          bytes = 0;
        }
        appendFileSync(path, line, { mode: 0o600 });
        bytes += more;
      } catch {
        // A full disk must not end the runner for its log's sake.
      }
    },
  };
}
