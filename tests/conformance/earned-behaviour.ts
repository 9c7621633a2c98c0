import { expect, test } from "vitest";
import { earnerOf } from "../../protocol/earner.ts";
import { type Context, newJob } from "./context.ts";
import { nowMs, output, outputsOf, request, stageOf } from "./fixtures.ts";

const [first, second] = [earnerOf("acc_a", "run 1 ünï"), earnerOf("acc_b", "f")];

/** Who earned what: the counts that payments are made from. */
export function earnedBehaviour({ store, open, shared }: Context): void {
  const earned = async (id: string) =>
    (await store().jobs.earned(id)).sort((a, b) => (a.earner < b.earner ? -1 : 1));

  test("accepted work is counted for its earner, in fuel and tasks, over answers and stages", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 6);
    expect(await earned(id)).toEqual([]);
    const [a, b, c] = await jobs.lease(id, request({ leases: 3, tasksMax: 2 }));
    await jobs.complete(id, [
      { ...a!, outputs: outputsOf(0, 2), earner: first },
      { ...b!, outputs: outputsOf(2, 4), earner: second },
      { ...c!, outputs: [output(4, { fuel: 7 })], hi: 5, earner: first },
    ]);
    await jobs.complete(id, [{ ...c!, lo: 5, outputs: [], earner: second }]);
    expect(await earned(id)).toEqual([
      { earner: first, fuel: 27, tasks: 3 },
      { earner: second, fuel: 20, tasks: 3 },
    ]);
    await jobs.advance(id, 0, stageOf(1, 1), { drop: [0] });
    const [d] = await jobs.lease(id, request());
    await jobs.complete(id, [{ ...d!, outputs: [output(0, { fuel: 3 })], earner: second }]);
    expect(await earned(id)).toEqual([
      { earner: first, fuel: 27, tasks: 3 },
      { earner: second, fuel: 23, tasks: 4 },
    ]);
    expect(await jobs.read(id)).toMatchObject({ fuel: 50, tasksDone: 7 });
  });

  test("late and stale answers earn nothing", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 4);
    const [original] = await jobs.lease(id, request());
    const again = request({ holder: "ses_b", backupAfterMs: 0, nowMs: nowMs + 1 });
    const [copy] = await jobs.lease(id, again);
    const answers = [
      { ...copy!, outputs: outputsOf(0, 4), earner: second },
      { ...original!, outputs: outputsOf(0, 4), earner: first },
      { ...original!, token: "never", outputs: outputsOf(0, 4), earner: first },
      { ...copy!, outputs: outputsOf(0, 4), earner: second },
    ];
    const { results } = await jobs.complete(id, answers);
    expect(results).toEqual(["accepted", "late", "stale", "stale"]);
    expect(await earned(id)).toEqual([{ earner: second, fuel: 40, tasks: 4 }]);
  });

  test("rounds that one lease answers are counted when they are taken in, and only then", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 4);
    await jobs.setStatus(id, "running", { nowMs });
    const [lease] = await jobs.lease(id, request());
    const round = { state: output(0), tasksDone: 10, fuel: 123, earner: first, drop: [], nowMs };
    const next = (number: number) => ({ ...stageOf(number, 4), state: number - 1 });
    expect(await jobs.follow(id, lease!.token, 0, next(2), round)).toBe("followed");
    expect(await jobs.follow(id, lease!.token, 0, next(2), round)).toBe("lost");
    expect(await jobs.follow(id, "never", 2, next(4), round)).toBe("lost");
    expect(await earned(id)).toEqual([{ earner: first, fuel: 123, tasks: 10 }]);
    expect(await jobs.follow(id, lease!.token, 2, next(4), round)).toBe("followed");
    expect(await earned(id)).toEqual([{ earner: first, fuel: 246, tasks: 20 }]);
  });

  test("what was earned outlives the job's end, and goes with the job", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 3);
    const [lease] = await jobs.lease(id, request());
    await jobs.complete(id, [{ ...lease!, outputs: outputsOf(0, 3), earner: first }]);
    await jobs.setStatus(id, "succeeded", { nowMs, resultStage: 0 });
    await jobs.complete(id, [{ ...lease!, outputs: outputsOf(0, 3), earner: second }]);
    const all = [{ earner: first, fuel: 30, tasks: 3 }];
    expect(await earned(id)).toEqual(all);
    const other = shared ? await open() : store();
    expect(await other.jobs.earned(id)).toEqual(all);
    if (shared) await other.close();
    await jobs.remove(id);
    expect(await earned(id)).toEqual([]);
    expect(await earned("job_none")).toEqual([]);
  });

  test("large counts are exact", async () => {
    const { jobs } = store();
    const tasks = 200;
    const id = await newJob(store(), tasks);
    const fuel = 9_007_199_254_741;
    for (const lease of await jobs.lease(id, request({ leases: tasks, tasksMax: 1 }))) {
      const earner = lease.lo % 2 === 0 ? first : second;
      await jobs.complete(id, [{ ...lease, outputs: [output(lease.lo, { fuel })], earner }]);
    }
    const half = { fuel: (fuel * tasks) / 2, tasks: tasks / 2 };
    expect(await earned(id)).toEqual([
      { earner: first, ...half },
      { earner: second, ...half },
    ]);
    expect((await jobs.read(id))?.fuel).toBe(fuel * tasks);
  });
}
