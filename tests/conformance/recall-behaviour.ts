import { expect, test } from "vitest";
import { earnerOf } from "../../protocol/earner.ts";
import { type Context, newJob } from "./context.ts";
import { nowMs, output, outputsOf, request, stageOf } from "./fixtures.ts";

const lender = earnerOf("acc_a", "run_1");
const recalled = (task: number) => ({ task, outputs: [output(task)] });

/** Tasks that are done because their results were remembered. */
export function recallBehaviour({ store }: Context): void {
  test("a recalled task is done: it is not leased, and its outputs are the stage's", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 5);
    const outcome = await jobs.recall(id, 0, [recalled(1), recalled(3)]);
    expect(outcome).toEqual({
      results: ["accepted", "accepted"],
      redundant: [],
      stage: 0,
      done: 2,
      tasks: 5,
      finished: false,
    });
    expect(await jobs.outputs(id, 0)).toEqual([output(1), output(3)]);
    const leases = await jobs.lease(id, request({ leases: 9 }));
    expect(leases.map(({ lo, hi }) => [lo, hi])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  test("nobody earns by it: it counts apart from what was computed", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 3);
    expect(await jobs.read(id)).not.toHaveProperty("remembered");
    await jobs.recall(id, 0, [recalled(0), { task: 1, outputs: [output(1, { fuel: 7 })] }]);
    const [lease] = await jobs.lease(id, request());
    await jobs.complete(id, [{ ...lease!, outputs: outputsOf(2, 3), earner: lender }]);
    expect(await jobs.read(id)).toMatchObject({
      done: 3,
      tasksDone: 1,
      fuel: 10,
      remembered: { tasks: 2, fuel: 17 },
    });
    expect(await jobs.earned(id)).toEqual([{ earner: lender, fuel: 10, tasks: 1 }]);
  });

  test("the recall of a stage's last task finishes it, once, with the totals of all", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 2);
    const [lease] = await jobs.lease(id, request({ tasksMax: 1 }));
    await jobs.complete(id, [{ ...lease!, outputs: outputsOf(0, 1), earner: lender }]);
    expect(await jobs.recall(id, 0, [recalled(1)])).toMatchObject({
      finished: true,
      summary: { outputs: 2, bytes: 18, fuel: 20 },
    });
    expect(await jobs.recall(id, 0, [recalled(1)])).toMatchObject({
      results: ["late"],
      finished: false,
    });
    expect(await jobs.advance(id, 0, stageOf(1, 1), { drop: [0] })).toBe("advanced");
    expect(await jobs.outputs(id, 0)).toEqual([]);
  });

  test("what the recalled task says to go by is kept with it", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 1);
    const control = { records: 8 };
    expect(await jobs.recall(id, 0, [{ ...recalled(0), control }])).toMatchObject({ control });
    expect(await jobs.read(id)).toMatchObject({ control });
  });

  test("what is leased or done is late, another stage and an ended job stale", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 3);
    await jobs.lease(id, request({ tasksMax: 1 }));
    await jobs.recall(id, 0, [recalled(1)]);
    const { results } = await jobs.recall(id, 0, [recalled(0), recalled(1), recalled(2)]);
    expect(results).toEqual(["late", "late", "accepted"]);
    expect((await jobs.recall(id, 1, [recalled(0)])).results).toEqual(["stale"]);
    await jobs.setStatus(id, "cancelled", { nowMs });
    expect((await jobs.recall(id, 0, [recalled(0)])).results).toEqual(["stale"]);
    expect((await jobs.recall("job_none", 0, [recalled(0)])).results).toEqual(["stale"]);
  });

  test("a job that is queued or paused takes them, too", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 2);
    await jobs.pause(id, "budget", { reason: "dry" });
    expect((await jobs.recall(id, 0, [recalled(0)])).results).toEqual(["accepted"]);
    expect(await jobs.read(id)).toMatchObject({ status: "paused", done: 1 });
  });

  test("large outputs that were recalled are among those that jobs need", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 1);
    const { inline: _, ...large } = output(0, { hash: "ab".repeat(32), bytes: 1e6 });
    await jobs.recall(id, 0, [{ task: 0, outputs: [large] }]);
    const needed = new Set<string>();
    for await (const digests of jobs.largeOutputs())
      for (const digest of digests) needed.add(digest);
    expect(needed).toContain(large.hash);
    expect(await jobs.outputs(id, 0)).toEqual([large]);
  });
}
