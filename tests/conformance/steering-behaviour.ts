import { expect, test } from "vitest";
import type { RoundAnswer } from "../../api/store/port.ts";
import type { Stage } from "../../protocol/job.ts";
import { type Context, newJob } from "./context.ts";
import { earner, nowMs, output, outputsOf, request, stageOf } from "./fixtures.ts";

const room = { nowMs, changesMax: 100 };
const plain = { penalty: false, attemptsMax: 9 };

/** What consumers and payments do to jobs that run. */
export function steeringBehaviour({ store, open, shared }: Context): void {
  const mapOf = (number: number, round: number): Stage => ({
    ...stageOf(number, 10),
    round,
    state: number - 1,
  });
  const answer = (more: Partial<RoundAnswer> = {}): RoundAnswer => {
    return { state: output(0), tasksDone: 11, fuel: 500, earner, drop: [], nowMs, ...more };
  };

  async function running(stage: Stage = mapOf(0, 1)) {
    const { jobs } = store();
    const id = await newJob(store(), 10, stage);
    await jobs.setStatus(id, "running", { nowMs });
    const read = async () => (await jobs.read(id))!;
    return { id, jobs, read };
  }

  /** Does the whole present stage and goes on to `next`. */
  async function advance(id: string, next: Stage) {
    const { jobs } = store();
    const { stage } = (await jobs.read(id))!;
    const leases = await jobs.lease(id, request({ leases: 10 }));
    for (const { token, lo, hi } of leases)
      await jobs.complete(id, [{ token, lo, hi, outputs: outputsOf(lo, hi), earner }]);
    return jobs.advance(id, stage.number, next, { drop: [] });
  }

  test("a job that two have paused goes on when both let it", async () => {
    const { id, jobs, read } = await running();
    expect(await jobs.resume(id, "consumer", { nowMs })).toBe("already");
    expect(await jobs.pause(id, "consumer", { reason: "a look" })).toBe("paused");
    expect(await jobs.pause(id, "budget", { reason: "no money: grüße 🎲" })).toBe("held");
    expect(await jobs.pause(id, "consumer", { reason: "again" })).toBe("already");
    const pauses = { consumer: "a look", budget: "no money: grüße 🎲" };
    expect(await read()).toMatchObject({ status: "paused", pauses });
    expect(await jobs.resume(id, "budget", { nowMs })).toBe("held");
    expect((await read()).pauses).toEqual({ consumer: "a look" });
    expect(await jobs.lease(id, request())).toEqual([]);
    expect(await jobs.resume(id, "consumer", { nowMs })).toBe("resumed");
    expect(await read()).toMatchObject({ status: "running" });
    expect(await read()).not.toHaveProperty("pauses");
    expect(await jobs.lease(id, request())).toHaveLength(1);
  });

  test("what has ended is not steered, nor what is not there", async () => {
    const { id, jobs, read } = await running();
    await jobs.pause(id, "consumer", { reason: "a look" });
    await jobs.setStatus(id, "cancelled", { nowMs });
    const before = await read();
    expect(before).not.toHaveProperty("pauses");
    for (const job of [id, "job_none"]) {
      expect(await jobs.pause(job, "consumer", { reason: "" })).toBe("already");
      expect(await jobs.resume(job, "consumer", { nowMs, rounds: 2 })).toBe("already");
      expect(await jobs.changeParams(job, { k: 1 }, room)).toBe("ended");
      expect(await jobs.partition(job)).toBeUndefined();
    }
    expect(await read()).toEqual(before);
  });

  test("a step does so many rounds and pauses where the next would begin", async () => {
    const { id, jobs, read } = await running();
    expect(await jobs.resume(id, "consumer", { nowMs, rounds: 2 })).toBe("already");
    await jobs.pause(id, "consumer", { reason: "a look" });
    expect(await jobs.resume(id, "consumer", { nowMs, rounds: 2 })).toBe("resumed");
    expect(await read()).toMatchObject({ status: "running", stepUntil: 2 });
    expect((await jobs.lease(id, request({ leases: 1, tasksMax: 1 })))[0]).toMatchObject({
      stepUntil: 2,
    });
    await jobs.expire(id, nowMs + 1e6, 9);
    expect(await advance(id, mapOf(1, 2))).toBe("advanced");
    expect(await advance(id, mapOf(2, 3))).toBe("stepped");
    expect(await read()).toMatchObject({ status: "paused", stage: { number: 2 } });
    expect((await read()).pauses).toHaveProperty("consumer");
    expect(await read()).not.toHaveProperty("stepUntil");
    // More of a step that is under way, then none of it.
    expect(await jobs.resume(id, "consumer", { nowMs, rounds: 1 })).toBe("resumed");
    expect(await jobs.resume(id, "consumer", { nowMs, rounds: 4 })).toBe("resumed");
    expect(await read()).toMatchObject({ stepUntil: 7 });
    expect(await jobs.resume(id, "consumer", { nowMs })).toBe("resumed");
    expect(await read()).not.toHaveProperty("stepUntil");
    expect(await advance(id, mapOf(3, 8))).toBe("advanced");
  });

  test("a step waits for the budget, and a pause ends it", async () => {
    const { id, jobs, read } = await running();
    await jobs.pause(id, "consumer", { reason: "a look" });
    await jobs.pause(id, "budget", { reason: "no money" });
    expect(await jobs.resume(id, "consumer", { nowMs, rounds: 1 })).toBe("held");
    expect((await read()).pauses).toEqual({ consumer: "a look", budget: "no money" });
    await jobs.resume(id, "budget", { nowMs });
    await jobs.resume(id, "consumer", { nowMs, rounds: 3 });
    await jobs.pause(id, "budget", { reason: "no money" });
    expect(await jobs.resume(id, "consumer", { nowMs, rounds: 1 })).toBe("held");
    await jobs.resume(id, "budget", { nowMs });
    expect(await read()).toMatchObject({ status: "running", stepUntil: 3 });
    await jobs.pause(id, "consumer", { reason: "enough" });
    expect(await read()).not.toHaveProperty("stepUntil");
  });

  test("a lease that follows its job does no more rounds than its step has", async () => {
    const { id, jobs, read } = await running();
    await jobs.pause(id, "consumer", { reason: "a look" });
    await jobs.resume(id, "consumer", { nowMs, rounds: 2 });
    const [lease] = await jobs.lease(id, request());
    const { token } = lease!;
    expect(await jobs.follow(id, token, 0, mapOf(6, 4), answer({ tasksDone: 33 }))).toBe("lost");
    const finish: Stage = { number: 6, round: 3, entry: "finish", tasks: 1, state: 5 };
    expect(await jobs.follow(id, token, 0, finish, answer())).toBe("lost");
    expect(await jobs.follow(id, token, 0, mapOf(2, 2), answer())).toBe("followed");
    expect(await jobs.follow(id, token, 2, mapOf(4, 3), answer())).toBe("stepped");
    expect(await read()).toMatchObject({ status: "paused", stage: { number: 4 }, tasksDone: 22 });
    expect(await jobs.renew(id, [token], nowMs + 1000)).toEqual([token]);
    await jobs.resume(id, "consumer", { nowMs, rounds: 1 });
    const [again] = await jobs.lease(id, request());
    expect(again).toMatchObject({ stage: 4, lo: 0, hi: 10, attempt: 1, stepUntil: 3 });
    const last: Stage = { number: 6, round: 3, entry: "finish", tasks: 1, state: 5 };
    expect(await jobs.follow(id, again!.token, 4, last, answer())).toBe("followed");
    expect(await read()).toMatchObject({ status: "running", stage: { entry: "finish" } });
  });

  test("the first lease of a round settles its parameters, for all of its tasks and whatever is done again", async () => {
    const { id, jobs, read } = await running();
    const params = { rate: 1e-4 / 3, text: "grüße\n🎲" };
    expect(await jobs.changeParams(id, params, room)).toBe("changed");
    expect((await read()).paramChanges).toEqual([{ params, atMs: nowMs }]);
    const [first] = await jobs.lease(id, request({ tasksMax: 4 }));
    expect(first).toMatchObject({ changes: 1, changed: 1 });
    expect((await read()).paramChanges).toEqual([{ params, atMs: nowMs, round: 1 }]);
    await jobs.changeParams(id, { rate: 2 }, { ...room, nowMs: nowMs + 1 });
    const [second] = await jobs.lease(id, request({ tasksMax: 4 }));
    expect(second).toMatchObject({ changes: 1 });
    expect(second).not.toHaveProperty("changed");
    // What is given back while something of the round is held is of the same round.
    await jobs.release(id, [first!.token], plain);
    const again = await jobs.lease(id, request({ leases: 3 }));
    expect(again.map(({ changes }) => changes)).toEqual([1, 1]);
    const [{ token, lo, hi }] = again as [(typeof again)[0]];
    await jobs.complete(id, [{ token, lo, hi, outputs: outputsOf(lo, hi), earner }]);
    await jobs.expire(id, nowMs + 1e6, 9);
    expect((await jobs.lease(id, request({ tasksMax: 1 })))[0]).toMatchObject({ changes: 1 });
    await jobs.expire(id, nowMs + 1e6, 9);
    const step: Stage = { number: 1, round: 1, entry: "step", tasks: 1, from: 0, state: 0 };
    await advance(id, step);
    expect((await jobs.lease(id, request()))[0]).toMatchObject({ stage: 1, changes: 1 });
    await jobs.expire(id, nowMs + 1e6, 9);
    await advance(id, mapOf(2, 2));
    expect((await read()).paramChanges?.[1]).toEqual({ params: { rate: 2 }, atMs: nowMs + 1 });
    expect((await jobs.lease(id, request()))[0]).toMatchObject({ changes: 2, changed: 1 });
    expect((await read()).paramChanges?.map(({ round }) => round)).toEqual([1, 2]);
  });

  test("a round that is wholly given back is settled anew; init settles, and finish does not", async () => {
    const init: Stage = { number: 0, round: 0, entry: "init", tasks: 1 };
    const { id, jobs, read } = await running(init);
    await jobs.changeParams(id, { k: 1 }, room);
    const [lease] = await jobs.lease(id, request());
    expect(lease).toMatchObject({ changes: 1, changed: 1 });
    await jobs.release(id, [lease!.token], plain);
    await jobs.changeParams(id, { k: 2 }, room);
    expect((await jobs.lease(id, request()))[0]).toMatchObject({ changes: 2, changed: 1 });
    expect((await read()).paramChanges?.map(({ round }) => round)).toEqual([0, 0]);
    await jobs.expire(id, nowMs + 1e6, 9);
    await advance(id, { number: 1, round: 4, entry: "finish", tasks: 1, state: 0 });
    await jobs.changeParams(id, { k: 3 }, room);
    expect((await jobs.lease(id, request()))[0]).toMatchObject({ changes: 2 });
    expect((await read()).paramChanges?.[2]).not.toHaveProperty("round");
  });

  test("a lease that follows its job says which rounds were the first to use them", async () => {
    const { id, jobs, read } = await running();
    const [lease] = await jobs.lease(id, request());
    const { token } = lease!;
    expect(lease).not.toHaveProperty("changes");
    for (const k of [1, 2, 3]) await jobs.changeParams(id, { k }, room);
    expect(await jobs.follow(id, token, 0, mapOf(2, 2), answer())).toBe("changed");
    const some = answer({ changedAt: [3, 3] });
    expect(await jobs.follow(id, token, 2, mapOf(8, 5), some)).toBe("changed");
    const tooMany = answer({ changedAt: [5, 5] });
    expect(await jobs.follow(id, token, 8, mapOf(10, 6), tooMany)).toBe("lost");
    expect((await read()).stage.number).toBe(8);
    expect((await read()).paramChanges?.map(({ round }) => round)).toEqual([3, 3, undefined]);
    // Whoever does the round under way again may find newer ones in force: nothing of it was told.
    await jobs.release(id, [token], plain);
    const [next] = await jobs.lease(id, request());
    expect(next).toMatchObject({ changes: 3, changed: 1 });
    expect((await read()).paramChanges?.map(({ round }) => round)).toEqual([3, 3, 5]);
    expect(await jobs.follow(id, next!.token, 8, mapOf(10, 6), answer())).toBe("followed");
  });

  test("so many changes are kept, and no more are taken", async () => {
    const { id, jobs, read } = await running();
    const two = { nowMs, changesMax: 2 };
    const outcomes = [];
    for (const k of [1, 2, 3]) outcomes.push(await jobs.changeParams(id, { k }, two));
    expect(outcomes).toEqual(["changed", "changed", "full"]);
    expect((await read()).paramChanges?.map(({ params }) => params)).toEqual([{ k: 1 }, { k: 2 }]);
  });

  test("all processes see it", async () => {
    const { id, jobs } = await running();
    const other = shared ? await open() : store();
    try {
      await jobs.changeParams(id, { k: 1 }, room);
      await jobs.pause(id, "consumer", { reason: "a look" });
      expect(await other.jobs.read(id)).toEqual(await jobs.read(id));
    } finally {
      if (shared) await other.close();
    }
  });

  test("the partition says where every task stands", async () => {
    const { id, jobs } = await running();
    const [a] = await jobs.lease(id, request({ tasksMax: 4 }));
    await jobs.complete(id, [{ ...a!, hi: 3, outputs: outputsOf(0, 3), earner }]);
    const [b] = await jobs.lease(id, request({ holder: "ses_b", tasksMax: 2 }));
    await jobs.release(id, [b!.token], { penalty: true, attemptsMax: 9 });
    const copies = request({ holder: "ses_c", tasksMax: 9, leases: 9, backupAfterMs: -1 });
    await jobs.lease(id, copies);
    const { stage, done, pending, claims } = (await jobs.partition(id))!;
    expect({ stage, done, pending }).toMatchObject({ stage: { number: 0 }, done: 3, pending: [] });
    expect(claims.sort((one, other) => one.front - other.front)).toEqual([
      { front: 3, hi: 4, attempts: 0, holders: ["ses_a", "ses_c"] },
      { front: 4, hi: 6, attempts: 1, holders: ["ses_c"] },
      { front: 6, hi: 10, attempts: 0, holders: ["ses_c"] },
    ]);
    await jobs.expire(id, nowMs + 1e6, 9);
    const after = (await jobs.partition(id))!;
    expect(after.claims).toEqual([]);
    expect([...after.pending].sort(([one], [other]) => one - other)).toEqual([
      [3, 6, 2],
      [6, 10, 1],
    ]);
  });
}
