import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Earning, Store } from "../../api/store/port.ts";
import { earnerOf } from "../../protocol/earner.ts";
import { linesUntilKilled } from "../support/doomed-child.ts";
import { earner } from "./fixtures.ts";
import { answerStage, fuelPerTask, progressOver, type Turn, turns } from "./stages.ts";
import { type Running, subjects } from "./subjects.ts";

/** What had been earned of each job when the process died. */
async function workUntilDead({ dataDir, redisUrl }: Running): Promise<Map<string, Earning[]>> {
  const script = join(import.meta.dirname, "control-crash-child.ts");
  const earned = new Map<string, Earning[]>();
  for await (const line of linesUntilKilled(script, [dataDir, redisUrl])) {
    const [, id, json] = /^earned (\S+) (\[.*\])$/.exec(line)!;
    earned.set(id!, JSON.parse(json!) as Earning[]);
  }
  return earned;
}

describe.each(subjects())("a gateway of the $name store, dead before it acted on", (subject) => {
  let running: Running;
  let store: Store;
  let earned: Map<string, Earning[]>;
  beforeAll(async () => {
    running = await subject.start();
    earned = await workUntilDead(running);
    store = await running.open();
  });
  afterAll(async () => {
    await store?.close();
    await running?.stop();
  });

  const idOf = ({ name }: Turn) => `job_${name}`;

  test.each(turns)(
    "the answer of $name: another goes by it, and nothing is earned twice",
    async (turn) => {
      const id = idOf(turn);
      const { jobs } = store;
      const [before] = earned.get(id)!;
      const progress = progressOver(store);
      await Promise.all([progress.repair(id), progress.repair(id)]);
      expect((await jobs.read(id))!.stage).toMatchObject(turn.next);
      if (turn.control.metrics)
        expect((await jobs.read(id))!.metrics).toEqual(turn.control.metrics);
      expect(await jobs.earned(id)).toEqual([before]);

      const other = earnerOf("acc_other", "run_2");
      while ((await jobs.read(id))!.status === "running") {
        await answerStage(store, id, other, { done: true });
        await progress.repair(id);
      }
      const earnings = new Map((await jobs.earned(id)).map((one) => [one.earner, one]));
      expect(earnings.get(earner)).toEqual(before);
      const tasks = turn.tasks - before!.tasks;
      expect(earnings.get(other)).toEqual({ earner: other, tasks, fuel: tasks * fuelPerTask });
    },
  );
});
