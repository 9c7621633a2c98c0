import { fork } from "node:child_process";
import path from "node:path";
import { root } from "../tests/support/system.ts";
import { answerOf } from "./support/peer-server.ts";
import { type Bench, ms, type Row, times } from "./support/report.ts";
import { median } from "./support/stats.ts";

export interface FuelTurn {
  kernel: string;
  plainMs: number[];
  meteredMs: number[];
}

/** What counting costs: the same kernels in a real isolate with the executor's flags, metered and not, taking turns. */
export const fuel: Bench = {
  name: "fuel",
  about: "cost of fuel metering on numeric kernels, in an isolate with the executor's flags",
  async run({ smoke, log }) {
    const child = fork(path.join(root, "bench/peers/fuel-kernels.ts"), [smoke ? "1" : "9"], {
      execArgv: [
        "--no-node-snapshot",
        "--no-concurrent-recompilation",
        "--min-semi-space-size=16",
        "--max-semi-space-size=32",
      ],
    });
    const [turns] = await answerOf<FuelTurn[]>(child);
    return turns.map(({ kernel, plainMs, meteredMs }): Row => {
      const cost = median(meteredMs) / median(plainMs);
      log(`${kernel}: ${ms(median(plainMs))} plain, ${ms(median(meteredMs))} metered`);
      return {
        measure: `fuel metering, ${kernel}`,
        ours: ms(median(meteredMs)),
        peer: `${ms(median(plainMs))} (not metered)`,
        ratio: `${times(cost)} the time`,
        reach: "≤ 1.10×",
        reached: cost <= 1.1,
      };
    });
  },
};
