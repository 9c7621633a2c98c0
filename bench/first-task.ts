import { startSystem } from "../tests/support/system.ts";
import { type Bench, ms } from "./support/report.ts";
import { median } from "./support/stats.ts";

/** A function nobody has run yet, on a runner that is warm: fetch, compile in an isolate, run. */
export const firstTask: Bench = {
  name: "first-task",
  about: "first task of a new function on a warm runner, over HTTP",
  async run({ smoke, log }) {
    await using system = await startSystem({ slots: 1 });
    const first: number[] = [];
    const second: number[] = [];
    for (let i = 0; i < (smoke ? 3 : 25); i++) {
      const name = `first-${i}`;
      const source = [
        'import { items, map } from "sparegrid";',
        `export default map({ title: "First ${i}", input: items<number>(), map: (value) => value * ${i} });`,
      ].join("\n");
      await system.client.functions.publish({ name, source });
      for (const times of [first, second]) {
        const start = performance.now();
        await system.client.invoke(name, [1]);
        times.push(performance.now() - start);
      }
    }
    const [one, two] = [median(first.slice(1)), median(second.slice(1))];
    log(`second call: ${ms(two)}`);
    return [
      {
        measure: "first task of a new function, warm runner, p50",
        ours: ms(one),
        peer: `${ms(two)} (the same call again)`,
        ratio: "–",
        reach: "≤ 15 ms",
        reached: one <= 15,
      },
    ];
  },
};
