import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Resident memory of a process in MB, or undefined when it cannot be told (it is gone, or this is Windows: there only
 * isolated-vm's own limit and the deadline hold).
 */
export function residentMb(pid: number, onLate: (mb: number) => void): number | undefined {
  if (process.platform === "linux") {
    try {
      const kb = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
      return kb === undefined ? undefined : Number(kb) / 1024;
    } catch {
      return undefined;
    }
  }
  if (process.platform !== "win32") {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], { timeout: 2_000 }, (error, stdout) => {
      const kb = Number.parseInt(stdout, 10);
      if (!error && Number.isFinite(kb)) onLate(kb / 1024);
    });
  }
  return undefined;
}
