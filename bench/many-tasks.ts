import { rssBytes, type System, startSystem } from "../tests/support/system.ts";
import { type Bench, perSecond, times } from "./support/report.ts";
import { median } from "./support/stats.ts";
import { publish, runToEnd } from "./support/submit.ts";

/** A job's cost may not grow with its number of tasks. */
export const manyTasks: Bench = {
  name: "many-tasks",
  about: "1,000,000 tasks in one job: per-task cost against 10,000 tasks, and the API's memory",
  async run({ smoke, log }) {
    const [few, many] = smoke ? [1_000, 20_000] : [10_000, 1_000_000];
    await using system = await startSystem();
    await publish(system, "bench/functions/line-length.ts");
    await perTask(system, few);
    const fewCosts: number[] = [];
    for (let turn = 0; turn < (smoke ? 1 : 5); turn++) fewCosts.push(await perTask(system, few));
    const before = await rssBytes(system.apiPid);
    let peak = before;
    const timer = setInterval(async () => {
      peak = Math.max(peak, await rssBytes(system.apiPid));
    }, 50);
    const manyCost = await perTask(system, many);
    clearInterval(timer);
    const ratio = manyCost / median(fewCosts);
    const grown = (peak - before) / 1e6;
    log(`${few}: ${perSecond(1000 / median(fewCosts))}, ${many}: ${perSecond(1000 / manyCost)}`);
    return [
      {
        measure: `per-task cost, ${many} tasks against ${few}`,
        ours: perSecond(1000 / manyCost),
        peer: `${perSecond(1000 / median(fewCosts))} (the small job)`,
        ratio: `${times(ratio)} the cost`,
        reach: "≤ 1.2×",
        reached: ratio <= 1.2,
      },
      {
        measure: `API memory, ${many} tasks`,
        ours: `+${grown.toFixed(0)} MB`,
        peer: "–",
        ratio: "–",
        reach: "≤ 200 MB",
        reached: grown <= 200,
      },
    ];
  },
};

/** ms a task, submit to result read. */
async function perTask(system: System, tasks: number): Promise<number> {
  const text = Buffer.from(Array.from({ length: tasks }, (_, i) => `line ${i}`).join("\n"));
  const dataset = await system.client.datasets.upload(text, {
    name: `lines-${tasks}`,
    format: "lines",
  });
  const { ms } = await runToEnd(system, {
    function: "line-length",
    dataset: dataset.id,
    recordsPerTask: 1,
  });
  return ms / tasks;
}
