import { readFile } from "node:fs/promises";

export interface Load {
  /** Percent of one core that this process and its executors used since the last sample. */
  cpu: number;
  /** Resident memory of all of them. */
  rssMb: number;
}

/** Kernel ticks a second, as /proc counts CPU time; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** Whether executors' processor time is in a sample; without it nobody can tell their work from that of others. */
export const seesExecutors = process.platform === "linux";

/** Samples the runner's process tree. Away from Linux, which has /proc, only this process is seen. */
export class LoadMeter {
  readonly #pids: () => number[];
  #lastMs = performance.now();
  #lastSelf = process.cpuUsage();
  #lastTicks = new Map<number, number>();

  /** @param pids the executors that live now */
  constructor(pids: () => number[]) {
    this.#pids = pids;
  }

  async sample(): Promise<Load> {
    const children = await Promise.all(this.#pids().map((pid) => readProcess(pid)));
    const nowMs = performance.now();
    const elapsedMs = Math.max(nowMs - this.#lastMs, 1);
    const self = process.cpuUsage();
    let cpuMs = (self.user + self.system - this.#lastSelf.user - this.#lastSelf.system) / 1000;
    let rssBytes = process.memoryUsage.rss();
    const ticks = new Map<number, number>();
    for (const child of children) {
      if (!child) continue;
      ticks.set(child.pid, child.ticks);
      rssBytes += child.rssBytes;
      // A process that is new since the last sample used all of its time since then.
      cpuMs += ((child.ticks - (this.#lastTicks.get(child.pid) ?? 0)) * 1000) / ticksPerSecond;
    }
    this.#lastMs = nowMs;
    this.#lastSelf = self;
    this.#lastTicks = ticks;
    return {
      cpu: Math.round((cpuMs / elapsedMs) * 1000) / 10,
      rssMb: Math.round(rssBytes / (1024 * 1024)),
    };
  }
}

async function readProcess(
  pid: number,
): Promise<{ pid: number; ticks: number; rssBytes: number } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The command's name, in parentheses, may hold spaces; the numbered fields follow it (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      pid,
      ticks: Number(fields[11]) + Number(fields[12]),
      rssBytes: Number(fields[21]) * pageBytes,
    };
  } catch {
    return undefined;
  }
}
