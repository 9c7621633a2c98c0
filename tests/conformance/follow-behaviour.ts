import { expect, test } from "vitest";
import type { RoundAnswer } from "../../api/store/port.ts";
import type { Stage } from "../../protocol/job.ts";
import { type Context, newJob } from "./context.ts";
import { earner, nowMs, output, outputsOf, request, stageOf } from "./fixtures.ts";

const plain = { penalty: false, attemptsMax: 3 };

/** Leases that follow their job through rounds. */
export function followBehaviour({ store }: Context): void {
  const mapAfter = (number: number, tasks: number): Stage => {
    return { ...stageOf(number, tasks), state: number - 1 };
  };
  const answer = (more: Partial<RoundAnswer> = {}): RoundAnswer => {
    return { state: output(0), tasksDone: 11, fuel: 500, earner, drop: [], nowMs, ...more };
  };

  async function running(tasks: number) {
    const { jobs } = store();
    const id = await newJob(store(), tasks);
    await jobs.setStatus(id, "running", { nowMs });
    const [lease] = await jobs.lease(id, request({ tasksMax: tasks }));
    return { id, jobs, token: lease!.token };
  }

  test("a lease goes on with the next round, and the store keeps the state alone", async () => {
    const { id, jobs, token } = await running(10);
    const metrics = { loss: 0.5 };
    const first = answer({ metrics });
    expect(await jobs.follow(id, token, 0, mapAfter(2, 10), first)).toBe("followed");
    expect(await jobs.read(id)).toMatchObject({
      stage: { number: 2, entry: "map", state: 1 },
      done: 0,
      tasksDone: 11,
      fuel: 500,
      metrics,
    });
    expect(await jobs.outputs(id, 1)).toEqual([output(0)]);
    expect(await jobs.lease(id, request())).toEqual([]);
    // Several rounds at once, and what they leave behind.
    const state = output(0, { fuel: 7 });
    const more = answer({ state, drop: [1] });
    expect(await jobs.follow(id, token, 2, mapAfter(8, 10), more)).toBe("followed");
    expect(await jobs.outputs(id, 1)).toEqual([]);
    expect(await jobs.outputs(id, 7)).toEqual([state]);
    expect(await jobs.read(id)).toMatchObject({ stage: { number: 8 }, tasksDone: 22, fuel: 1000 });
    expect(await jobs.renew(id, [token], nowMs + 30_000)).toEqual([]);
  });

  test("after the last round the lease ends and the next stage is pending", async () => {
    const { id, jobs, token } = await running(10);
    const finish: Stage = { number: 2, round: 1, entry: "finish", tasks: 1, state: 1 };
    expect(await jobs.follow(id, token, 0, finish, answer())).toBe("followed");
    expect(await jobs.renew(id, [token], nowMs)).toEqual([token]);
    expect(await jobs.lease(id, request())).toMatchObject([{ stage: 2, lo: 0, hi: 1, attempt: 1 }]);
  });

  test("what it answered stays when it is released or expires, and its tasks are pending anew", async () => {
    const { id, jobs, token } = await running(10);
    await jobs.release(id, [token], { penalty: true, attemptsMax: 9 });
    const [second] = await jobs.lease(id, request());
    expect(second).toMatchObject({ lo: 0, hi: 10, attempt: 2 });
    await jobs.follow(id, second!.token, 0, mapAfter(2, 10), answer());
    expect(await jobs.expire(id, nowMs + 20_000, 9)).toEqual({ requeued: 1, exhausted: false });
    expect(await jobs.follow(id, second!.token, 2, mapAfter(4, 10), answer())).toBe("lost");
    // Attempts count within a round: this is the second of the new one.
    expect(await jobs.lease(id, request())).toMatchObject([
      { stage: 2, lo: 0, hi: 10, attempt: 2 },
    ]);
    expect(await jobs.outputs(id, 1)).toEqual([output(0)]);
  });

  test("rounds of a paused job are taken in and counted, and their holder is to be asked to end", async () => {
    const { id, jobs, token } = await running(10);
    await jobs.pause(id, "budget", { reason: "" });
    expect(await jobs.follow(id, token, 0, mapAfter(2, 10), answer())).toBe("paused");
    expect(await jobs.read(id)).toMatchObject({ stage: { number: 2 }, tasksDone: 11, fuel: 500 });
    expect(await jobs.earned(id)).toEqual([{ earner, fuel: 500, tasks: 11 }]);
    expect(await jobs.follow(id, token, 2, mapAfter(4, 10), answer({ drop: [1] }))).toBe("paused");
    await jobs.release(id, [token], plain);
    expect(await jobs.lease(id, request())).toEqual([]);
    await jobs.resume(id, "budget", { nowMs });
    const [again] = await jobs.lease(id, request());
    expect(again).toMatchObject({ stage: 4, lo: 0, hi: 10, attempt: 1 });
    expect(await jobs.follow(id, again!.token, 4, mapAfter(6, 10), answer())).toBe("followed");
  });

  test("it is lost unless the lease holds the stage whole and alone and the job has begun", async () => {
    const { id, jobs, token } = await running(10);
    const next = mapAfter(2, 10);
    const follow = (lease: string, from = 0) => jobs.follow(id, lease, from, next, answer());
    const before = await jobs.read(id);
    expect(await follow("never")).toBe("lost");
    expect(await follow(token, 1)).toBe("lost");
    expect(await jobs.follow("job_none", token, 0, next, answer())).toBe("lost");
    const queued = await newJob(store(), 10);
    const [early] = await jobs.lease(queued, request());
    expect(await jobs.follow(queued, early!.token, 0, next, answer())).toBe("lost");
    const copy = request({ holder: "ses_b", backupAfterMs: 0, nowMs: nowMs + 1 });
    const [second] = await jobs.lease(id, copy);
    expect(second).toMatchObject({ backup: true });
    expect(await follow(token)).toBe("lost");
    await jobs.release(id, [second!.token], plain);
    expect(await jobs.read(id)).toEqual(before);
    await jobs.complete(id, [{ token, lo: 0, hi: 1, outputs: outputsOf(0, 1), earner }]);
    expect(await follow(token)).toBe("lost");

    const part = await running(10);
    await part.jobs.release(part.id, [part.token], plain);
    const [half] = await part.jobs.lease(part.id, request({ tasksMax: 5 }));
    expect(await part.jobs.follow(part.id, half!.token, 0, next, answer())).toBe("lost");
  });

  test("a following lease is copied by the age of its round", async () => {
    const { id, jobs, token } = await running(10);
    await jobs.follow(id, token, 0, mapAfter(2, 10), answer({ nowMs: nowMs + 1000 }));
    const copy = request({ holder: "ses_b", backupAfterMs: 500, nowMs: nowMs + 1400 });
    expect(await jobs.lease(id, copy)).toEqual([]);
    expect(await jobs.lease(id, { ...copy, nowMs: nowMs + 1501 })).toMatchObject([
      { stage: 2, lo: 0, hi: 10, backup: true },
    ]);
  });

  test("a large state is kept as a blob's digest", async () => {
    const { id, jobs, token } = await running(3);
    const { inline: _, ...large } = output(0, { bytes: 1e6 });
    await jobs.follow(id, token, 0, mapAfter(2, 3), answer({ state: large }));
    expect(await jobs.outputs(id, 1)).toEqual([large]);
    const digests: string[] = [];
    for await (const batch of jobs.largeOutputs()) digests.push(...batch);
    expect(digests).toContain(large.hash);
  });
}
