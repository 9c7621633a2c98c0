import { afterAll, beforeAll, expect, test } from "vitest";
import type { WatchedEvent } from "../../client/index.ts";
import { matrixOf } from "../support/functions.ts";
import { System, until } from "../support/system.ts";
import { RunnerProcess } from "./runner-process.ts";

/** Rounds that one runner does as a whole, and what becomes of them when another comes. */

/** `spin` sets how long a round takes. Its sums betray any regrouping. */
const slowRounds = `
import { iterate, matrix } from "sparegrid";
export default iterate({
  title: "Slow rounds",
  input: matrix(),
  params: { rounds: 60, spin: 1000 },
  init: ({ random }) => ({ x: random() }),
  map(rows, { x }, { params }) {
    let sum = 0;
    for (let i = 0; i < rows.height; i++) {
      let y = x + rows[i * rows.width]!;
      for (let j = 0; j < params.spin; j++) y = (y * 1.0000001 + j * 1e-9) % 1;
      sum += y;
    }
    return { sum };
  },
  merge: (a, b) => ({ sum: a.sum + b.sum }),
  step: (state, { sum }, { round, params }) => ({
    state: { x: (state.x + sum) % 1 },
    done: round >= params.rounds,
    metrics: { sum },
  }),
});`;

let system: System;
const runners: RunnerProcess[] = [];
let rows: string;

beforeAll(async () => {
  // Leases live so long that nothing that ends in time can have waited for one to expire.
  system = await System.start({ runner: false, leaseMs: 60_000 });
  const { client } = system;
  await client.functions.publish({ name: "slow-rounds", source: slowRounds });
  const matrix = { name: "rows", format: "matrix", encoding: "f64", columns: 16 } as const;
  rows = (await client.datasets.upload(matrixOf(4_000, 16), matrix)).id;
});
afterAll(async () => {
  for (const runner of runners) await runner[Symbol.asyncDispose]();
  await system?.stop();
});

async function startRunner(name: string): Promise<void> {
  runners.push(await RunnerProcess.start(system, { name, slots: 1 }));
}

const rounds = 60;
const submit = () =>
  system.client.jobs.submit({
    function: "slow-rounds",
    dataset: rows,
    seed: 5,
    params: { rounds, spin: 1_500 },
  });

async function ended(id: string) {
  const events: WatchedEvent[] = [];
  const job = await system.client.jobs.wait(id, { onEvent: (event) => events.push(event) });
  expect(job.status, JSON.stringify(job.error)).toBe("succeeded");
  const told = events.flatMap((event) => (event.type === "round" ? event : []));
  const { tasksDone } = job;
  return { tasksDone, told, result: await (await system.client.jobs.result(id)).text() };
}

async function tasksDone(name: string): Promise<number> {
  return (await system.client.runners()).find((runner) => runner.name === name)!.tasksDone;
}

test("long rounds that one runner follows are shared with a second that comes, to the same bytes", async () => {
  await startRunner("first");
  const alone = await ended((await submit()).id);
  const before = await tasksDone("first");
  expect(before).toBe(alone.tasksDone);

  const { id } = await submit();
  await until(async () => (await system.client.jobs.get(id)).round >= 5, "some rounds");
  await startRunner("second");
  const { round } = await system.client.jobs.get(id);
  expect(round, "the job had all but ended when the second came").toBeLessThan(rounds - 20);
  const atJoin = await tasksDone("first");
  const shared = await ended(id);

  expect(shared.result).toBe(alone.result);
  const metricsOf = ({ told }: typeof alone) =>
    told.map((one) => [one.round, one.metrics, one.done]);
  expect(metricsOf(shared)).toEqual(metricsOf(alone));
  expect(shared.told.map((one) => one.round)).toEqual(
    Array.from({ length: rounds }, (_, i) => i + 1),
  );
  expect(shared.tasksDone).toBe(alone.tasksDone);
  // Both had a good part of what was left.
  const [first, second] = [await tasksDone("first"), await tasksDone("second")];
  const left = before + alone.tasksDone - atJoin;
  expect(second).toBeGreaterThan(left * 0.2);
  expect(first - atJoin).toBeGreaterThan(left * 0.2);
});
