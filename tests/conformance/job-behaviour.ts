import { expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { type Context, eventually, newJob } from "./context.ts";
import { earner, jobSpec, nowMs, output, outputsOf, request, stageOf } from "./fixtures.ts";

export function jobBehaviour({ store, open, shared }: Context): void {
  test("a job is created once, and read as it was written", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 5);
    expect(await jobs.create(jobSpec(id), stageOf(0, 99))).toBe("exists");
    expect(await jobs.read(id)).toEqual({
      spec: jobSpec(id),
      status: "queued",
      stage: stageOf(0, 5),
      done: 0,
      tasksDone: 0,
      fuel: 0,
    });
  });

  test("an unknown job is undefined, leases nothing, and every answer to it is stale", async () => {
    const { jobs, events } = store();
    expect(await jobs.read("job_none")).toBeUndefined();
    expect(await jobs.lease("job_none", request())).toEqual([]);
    const completion = { token: "t", lo: 0, hi: 1, outputs: [output(0)], earner };
    expect((await jobs.complete("job_none", [completion])).results).toEqual(["stale"]);
    expect(await jobs.advance("job_none", 0, stageOf(1, 1), { drop: [] })).toBe("lost");
    expect(await jobs.setStatus("job_none", "running", { nowMs })).toBe("already");
    expect(await jobs.renew("job_none", ["t"], nowMs)).toEqual(["t"]);
    expect(await jobs.release("job_none", ["t"], { penalty: true, attemptsMax: 1 })).toBe(
      "released",
    );
    expect(await jobs.expire("job_none", nowMs, 1)).toEqual({ requeued: 0, exhausted: false });
    expect(await jobs.outputs("job_none", 0)).toEqual([]);
    await jobs.remove("job_none");
    expect(
      await events.append("job_none", [{ type: "settle", fuel: 1, cost: 0, left: 0 }], nowMs),
    ).toBe(0);
    expect(await events.read("job_none", 0, 10)).toEqual([]);
  });

  test("active lists the jobs that have not ended", async () => {
    const { jobs } = store();
    const [a, b] = [await newJob(store(), 1), await newJob(store(), 1)];
    expect(await jobs.active()).toEqual(expect.arrayContaining([a, b]));
    await jobs.setStatus(a, "cancelled", { nowMs });
    const active = await jobs.active();
    expect(active).toContain(b);
    expect(active).not.toContain(a);
  });

  test("a job runs, pauses, resumes and ends; what has ended never changes", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 4);
    expect(await jobs.setStatus(id, "running", { nowMs })).toBe("changed");
    expect(await jobs.setStatus(id, "running", { nowMs: nowMs + 1 })).toBe("already");
    expect(await jobs.pause(id, "consumer", { reason: "wait" })).toBe("paused");
    expect(await jobs.lease(id, request())).toEqual([]);
    expect(await jobs.setStatus(id, "running", { nowMs: nowMs + 3 })).toBe("already");
    expect(await jobs.resume(id, "consumer", { nowMs: nowMs + 5 })).toBe("resumed");
    expect((await jobs.read(id))?.startedAtMs).toBe(nowMs);
    const [lease] = await jobs.lease(id, request({ tasksMax: 1 }));
    const error = { code: "function-threw" as const, message: "no", details: { task: 1 } };
    expect(await jobs.setStatus(id, "failed", { nowMs: nowMs + 9, error })).toBe("changed");
    expect(await jobs.setStatus(id, "succeeded", { nowMs, resultStage: 0 })).toBe("already");
    expect(await jobs.lease(id, request())).toEqual([]);
    const answer = { token: lease!.token, lo: 0, hi: 1, outputs: [output(0)], earner };
    expect(await jobs.complete(id, [answer])).toMatchObject({ results: ["stale"], done: 0 });
    expect(await jobs.advance(id, 0, stageOf(1, 1), { drop: [] })).toBe("lost");
    const state = await jobs.read(id);
    expect(state).toMatchObject({ status: "failed", error, endedAtMs: nowMs + 9 });
    expect(state).not.toHaveProperty("resultStage");
  });

  test("all jobs are listed, ended ones too, until they are removed", async () => {
    const { jobs } = store();
    const listed = async () => new Set((await Array.fromAsync(jobs.list())).flat());
    const ids = [await newJob(store(), 1), await newJob(store(), 1), await newJob(store(), 1)];
    const [active, ended, removed] = ids as [string, string, string];
    for (const id of [ended, removed]) await jobs.setStatus(id, "cancelled", { nowMs });
    await jobs.remove(removed);
    const [lease] = await jobs.lease(active, request());
    await jobs.complete(active, [{ ...lease!, outputs: [output(0)], earner }]);
    const found = await listed();
    expect([active, ended, removed].map((id) => found.has(id))).toEqual([true, true, false]);
    expect([...found].every((id) => id.startsWith("job"))).toBe(true);
  });

  test("a paused job is not leased, but what is out is accepted and counted, and its stages advance", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 4);
    const [a, b] = await jobs.lease(id, request({ leases: 2, tasksMax: 2 }));
    const reason = "the budget is used up: grüße 🎲";
    expect(await jobs.pause(id, "budget", { reason })).toBe("paused");
    expect(await jobs.read(id)).toMatchObject({ status: "paused", pauses: { budget: reason } });
    expect(await jobs.pause(id, "budget", { reason: "another" })).toBe("already");
    expect(await jobs.active()).toContain(id);
    const first = await jobs.complete(id, [{ ...a!, outputs: outputsOf(0, 2), earner }]);
    expect(first).toMatchObject({ results: ["accepted"], done: 2 });
    expect(await jobs.earned(id)).toEqual([{ earner, fuel: 20, tasks: 2 }]);
    expect(await jobs.renew(id, [b!.token], nowMs + 20_000)).toEqual([]);
    expect(await jobs.expire(id, nowMs + 20_000, 9)).toMatchObject({ requeued: 1 });
    expect(await jobs.lease(id, request())).toEqual([]);
    await jobs.resume(id, "budget", { nowMs: nowMs + 1 });
    expect(await jobs.read(id)).not.toHaveProperty("pauses");
    const [c] = await jobs.lease(id, request());
    await jobs.pause(id, "budget", { reason: "" });
    const last = await jobs.complete(id, [{ ...c!, outputs: outputsOf(2, 4), earner }]);
    expect(last).toMatchObject({ finished: true });
    expect(await jobs.advance(id, 0, stageOf(1, 2), { drop: [0] })).toBe("advanced");
    const copy = request({ backupAfterMs: 0, nowMs: nowMs + 1 });
    expect(await jobs.lease(id, copy)).toEqual([]);
    expect(await jobs.read(id)).toMatchObject({ status: "paused", stage: { number: 1 } });
    expect(await jobs.setStatus(id, "cancelled", { nowMs })).toBe("changed");
    expect(await jobs.setStatus(id, "running", { nowMs })).toBe("already");
    expect(await jobs.earned(id)).toEqual([{ earner, fuel: 40, tasks: 4 }]);
  });

  test("a finished stage advances exactly once, whoever asks", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 2);
    const next = stageOf(1, 3);
    expect(await jobs.advance(id, 0, next, { drop: [] })).toBe("lost");
    const [lease] = await jobs.lease(id, request());
    const done = await jobs.complete(id, [{ ...lease!, outputs: outputsOf(0, 2), earner }]);
    expect(done).toMatchObject({
      finished: true,
      done: 2,
      tasks: 2,
      summary: { outputs: 2, bytes: 18, fuel: 20 },
    });
    const metrics = { inertia: 1.5, missing: null };
    const asked = Array.from({ length: 8 }, () => jobs.advance(id, 0, next, { drop: [], metrics }));
    expect((await Promise.all(asked)).filter((outcome) => outcome === "advanced")).toHaveLength(1);
    const state = await jobs.read(id);
    expect(state).toMatchObject({ stage: next, done: 0, tasksDone: 2, fuel: 20, metrics });
    expect(await jobs.complete(id, [{ ...lease!, outputs: [], earner }])).toMatchObject({
      results: ["stale"],
      stage: 1,
    });
    expect(await jobs.lease(id, request())).toMatchObject([{ stage: 1, lo: 0, hi: 3, attempt: 1 }]);
  });

  test("only an ended job is removed; large outputs are listed until their stage or job goes", async () => {
    const { jobs, events } = store();
    const id = await newJob(store(), 1);
    const [first, second] = [digestOf(`first ${id}`), digestOf(`second ${id}`)];
    const listed = async () => {
      const all = new Set((await Array.fromAsync(jobs.largeOutputs())).flat());
      return [first, second].filter((digest) => all.has(digest));
    };
    const large = ({ inline: _inline, ...rest } = output(0), hash = first) => ({ ...rest, hash });
    const [a] = await jobs.lease(id, request());
    await jobs.complete(id, [{ ...a!, outputs: [large(undefined, first)], earner }]);
    expect(await listed()).toEqual([first]);
    await jobs.advance(id, 0, stageOf(1, 2), { drop: [0] });
    expect(await jobs.outputs(id, 0)).toEqual([]);
    expect(await listed()).toEqual([]);
    const [b] = await jobs.lease(id, request());
    await jobs.complete(id, [{ ...b!, outputs: [large(undefined, second), output(1)], earner }]);
    await events.append(id, [{ type: "settle", fuel: 1, cost: 0, left: 0 }], nowMs);
    expect(await listed()).toEqual([second]);
    await jobs.remove(id);
    expect(await jobs.outputs(id, 1)).toHaveLength(2);
    await jobs.setStatus(id, "succeeded", { nowMs, resultStage: 1 });
    expect(await jobs.outputs(id, 1)).toHaveLength(2);
    expect(await listed()).toEqual([second]);
    await jobs.remove(id);
    expect(await jobs.read(id)).toBeUndefined();
    expect(await jobs.outputs(id, 1)).toEqual([]);
    expect(await events.read(id, 0, 10)).toEqual([]);
    await jobs.remove(id);
    for (let tries = 0; tries < 200 && (await listed()).length > 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await listed()).toEqual([]);
  });

  test("the large outputs of many tasks and jobs are all listed", async () => {
    const { jobs } = store();
    const expected = new Set<string>();
    for (let job = 0; job < 3; job++) {
      const id = await newJob(store(), 1500);
      for (const lease of await jobs.lease(id, request({ leases: 10, tasksMax: 1000 }))) {
        const outputs = outputsOf(lease.lo, lease.hi).map(({ inline: _inline, ...rest }) => ({
          ...rest,
          hash: digestOf(`${job % 2} ${rest.index}`),
        }));
        for (const { hash } of outputs) expected.add(hash);
        await jobs.complete(id, [{ ...lease, outputs, earner }]);
      }
    }
    const listed = new Set((await Array.fromAsync(jobs.largeOutputs())).flat());
    expect(expected.size).toBe(3000);
    expect(expected.difference(listed)).toEqual(new Set());
  });

  test("a watcher hears of creation, advance, requeued tasks and status, until it stops", async () => {
    const { jobs } = store();
    const other = shared ? await open() : store();
    const heard: string[] = [];
    const stop = other.jobs.watch((id) => heard.push(id));
    // Another process's subscription takes a moment: creations until one is heard.
    await eventually(() => {
      if (heard.length === 0) void newJob(store(), 1);
      return heard.length > 0;
    });
    const id = await newJob(store(), 1);
    await eventually(() => heard.includes(id));
    const hearsAfter = async (change: () => Promise<unknown>) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      heard.length = 0;
      await change();
      await eventually(() => heard.includes(id));
    };
    const [a] = await jobs.lease(id, request());
    await hearsAfter(() => jobs.release(id, [a!.token], { penalty: false, attemptsMax: 5 }));
    await jobs.lease(id, request());
    await hearsAfter(() => jobs.expire(id, nowMs + 1e6, 5));
    const [b] = await jobs.lease(id, request());
    await jobs.complete(id, [{ ...b!, outputs: [output(0)], earner }]);
    await hearsAfter(() => jobs.advance(id, 0, stageOf(1, 1), { drop: [] }));
    await hearsAfter(() => jobs.setStatus(id, "cancelled", { nowMs }));
    stop();
    heard.length = 0;
    await newJob(store(), 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toEqual([]);
    if (shared) await other.close();
  });
}
