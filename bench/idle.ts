import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree, rssBytes, startSystem } from "../tests/support/system.ts";
import type { Bench } from "./support/report.ts";

/** What a runner costs its owner while there is no work: all its processes. */
export const idle: Bench = {
  name: "idle",
  about: "CPU and memory of an idle runner with one executor and its spare",
  async run({ smoke, log }) {
    await using system = await startSystem({ slots: 1 });
    await sleep(smoke ? 1_000 : 5_000);
    const pids = await processTree(system.runnerPid);
    const before = await cpuSeconds(pids);
    const seconds = smoke ? 2 : 20;
    await sleep(seconds * 1000);
    const cpu = ((await cpuSeconds(pids)) - before) / seconds;
    let rss = 0;
    for (const pid of pids) {
      const bytes = await rssBytes(pid);
      log(`process ${pid}: ${(bytes / 1e6).toFixed(0)} MB`);
      rss += bytes;
    }
    return [
      {
        measure: "idle runner, CPU of one core",
        ours: `${(cpu * 100).toFixed(2)} %`,
        peer: "–",
        ratio: "–",
        reach: "≤ 1 %",
        reached: cpu <= 0.01,
      },
      {
        measure: `idle runner, RSS of its ${pids.length} processes`,
        ours: `${(rss / 1e6).toFixed(0)} MB`,
        peer: "–",
        ratio: "–",
        reach: "≤ 200 MB",
        reached: rss <= 200e6,
      },
    ];
  },
};

/** User and system time of processes, s (Linux counts in 1/100 s). */
async function cpuSeconds(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100;
}
