import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEmbeddedStore } from "../../api/store/embedded/store.ts";
import type { Earning, Store } from "../../api/store/port.ts";
import { linesUntilKilled } from "../support/doomed-child.ts";
import { randomOf } from "./fixtures.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const crashes = 15;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sparegrid-earned-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** The last that `earned` answered of each job before the process was killed. */
async function workUntilKilled(
  childSeed: number,
  afterMs: number,
): Promise<Map<string, Earning[]>> {
  const script = join(import.meta.dirname, "earned-crash-child.ts");
  const answered = new Map<string, Earning[]>();
  for await (const line of linesUntilKilled(script, [dataDir, String(childSeed)], afterMs)) {
    const [, id, json] = /^earned (\S+) (\[.*\])$/.exec(line) ?? [];
    if (id) answered.set(id, JSON.parse(json!) as Earning[]);
  }
  return answered;
}

const fuelBy = (pairs: readonly (readonly [earner: string, fuel: number])[]) => {
  const sums = new Map<string, number>();
  for (const [earner, fuel] of pairs) sums.set(earner, (sums.get(earner) ?? 0) + fuel);
  return sums;
};

/** The counts are exactly those of the outputs that are there, and no less than what was answered before. */
async function check({ jobs }: Store, id: string, before: readonly Earning[]): Promise<void> {
  const { stage, fuel, tasksDone } = (await jobs.read(id))!;
  const earnings = await jobs.earned(id);
  const outputs: [string, number][] = [];
  for (let number = 0; number <= stage.number; number++)
    for (const { hostClass, fuel } of await jobs.outputs(id, number))
      outputs.push([hostClass, fuel]);
  const counted = new Map(earnings.map(({ earner, fuel }) => [earner, fuel]));
  expect(counted, `SEED=${seed}: ${id}`).toEqual(fuelBy(outputs));
  expect(earnings.reduce((sum, earning) => sum + earning.fuel, 0)).toBe(fuel);
  expect(earnings.reduce((sum, earning) => sum + earning.tasks, 0)).toBe(tasksDone);
  expect(outputs).toHaveLength(tasksDone);
  for (const { earner, fuel } of before)
    expect(counted.get(earner), `SEED=${seed}: ${id}, ${earner}`).toBeGreaterThanOrEqual(fuel);
}

test(`a process killed at any moment leaves counts that fit the outputs and never go down (seed ${seed})`, {
  timeout: 120_000,
}, async () => {
  const random = randomOf(seed);
  const known = new Map<string, Earning[]>();
  for (let crash = 0; crash < crashes; crash++) {
    const answered = await workUntilKilled(seed + crash, random(150));
    for (const [id, earnings] of answered) known.set(id, earnings);
    const store = await openEmbeddedStore({ dataDir });
    for (const id of new Set([...known.keys(), ...(await store.jobs.active())])) {
      await check(store, id, known.get(id) ?? []);
      known.set(id, await store.jobs.earned(id));
    }
    await store.close();
  }
  expect(known.size).toBeGreaterThan(3);
});
