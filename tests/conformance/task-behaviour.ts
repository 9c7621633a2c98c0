import { expect, test } from "vitest";
import { type Context, newJob } from "./context.ts";
import { earner, nowMs, output, outputsOf, request, stageOf } from "./fixtures.ts";

const plain = { penalty: false, attemptsMax: 3 };
const punished = { penalty: true, attemptsMax: 3 };

export function taskBehaviour({ store, singleTaskLeases: tasks }: Context): void {
  const runsOf = (leases: readonly { lo: number; hi: number }[]) =>
    leases.map(({ lo, hi }) => [lo, hi]);

  test("leases claim pending tasks in order, each task once", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 10);
    const leases = await jobs.lease(id, request({ leases: 3, tasksMax: 4 }));
    expect(leases).toMatchObject([
      { job: id, stage: 0, lo: 0, hi: 4, attempt: 1, backup: false, deadlineMs: nowMs + 15_000 },
      { lo: 4, hi: 8 },
      { lo: 8, hi: 10 },
    ]);
    expect(new Set(leases.map(({ token }) => token)).size).toBe(3);
    expect(await jobs.lease(id, request())).toEqual([]);
  });

  test("preferred runs come first, cut to what is pending, and alone with preferOnly", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 100);
    await jobs.lease(id, request({ prefer: [[20, 30]], tasksMax: 10 }));
    const prefer = [
      [15, 25],
      [28, 33],
    ] as const;
    const only = { prefer, preferOnly: true, leases: 9 };
    expect(runsOf(await jobs.lease(id, request(only)))).toEqual([
      [15, 20],
      [30, 33],
    ]);
    expect(await jobs.lease(id, request(only))).toEqual([]);
    const mixed = await jobs.lease(id, request({ prefer: [[90, 1000]], leases: 3, tasksMax: 7 }));
    expect(runsOf(mixed)).toEqual([
      [90, 97],
      [97, 100],
      [0, 7],
    ]);
    expect(runsOf(await jobs.lease(id, request({ leases: 9 })))).toEqual([
      [7, 15],
      [33, 90],
    ]);
  });

  test("answers come in order and in parts; the last makes the stage finished, once", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 6);
    const [lease] = await jobs.lease(id, request());
    const part = (lo: number, hi: number) => ({
      token: lease!.token,
      lo,
      hi,
      outputs: outputsOf(lo, hi),
      earner,
    });
    expect(await jobs.complete(id, [part(3, 6)])).toMatchObject({ results: ["stale"], done: 0 });
    expect(await jobs.complete(id, [part(0, 7)])).toMatchObject({ results: ["stale"], done: 0 });
    expect(await jobs.complete(id, [part(0, 0)])).toMatchObject({ results: ["stale"], done: 0 });
    const both = await jobs.complete(id, [part(0, 2), part(2, 3)]);
    expect(both).toMatchObject({ results: ["accepted", "accepted"], done: 3, finished: false });
    expect(both).not.toHaveProperty("summary");
    const last = await jobs.complete(id, [part(3, 6)]);
    expect(last).toMatchObject({ results: ["accepted"], done: 6, tasks: 6, finished: true });
    expect(await jobs.complete(id, [part(3, 6)])).toMatchObject({
      results: ["stale"],
      finished: false,
    });
    expect(await jobs.read(id)).toMatchObject({ done: 6, tasksDone: 6, fuel: 60 });
  });

  test("what an accepted answer says to go by is kept with its stage, and only with it", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 2);
    const [lease] = await jobs.lease(id, request());
    const answer = (index: number, more: object) => ({
      token: lease!.token,
      lo: index,
      hi: index + 1,
      outputs: [output(index)],
      earner,
      ...more,
    });
    const control = { done: true, metrics: { "größe \n": -1.5e-300, lost: null }, records: 3 };
    const first = await jobs.complete(id, [answer(0, { control })]);
    expect(first).not.toHaveProperty("control");
    expect((await jobs.read(id))?.control).toEqual(control);
    const late = { ...answer(0, { control: { records: 9 } }) };
    const stale = { ...late, token: "never" };
    const last = await jobs.complete(id, [late, stale, answer(1, {})]);
    expect(last).toMatchObject({ results: ["late", "stale", "accepted"], finished: true });
    expect(last.control).toEqual(control);
    await jobs.advance(id, 0, stageOf(1, 1), { drop: [] });
    expect(await jobs.read(id)).not.toHaveProperty("control");
    const [next] = await jobs.lease(id, request());
    const done = await jobs.complete(id, [{ ...next!, outputs: [output(0)], earner }]);
    expect(done.finished).toBe(true);
    expect(done).not.toHaveProperty("control");
  });

  test("a released or expired lease answers stale, and its rest is pending again", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 10);
    const [a] = await jobs.lease(id, request());
    await jobs.complete(id, [{ token: a!.token, lo: 0, hi: 4, outputs: outputsOf(0, 4), earner }]);
    expect(await jobs.release(id, [a!.token, "unknown"], plain)).toBe("released");
    const late = { token: a!.token, lo: 4, hi: 5, outputs: [output(4)], earner };
    expect(await jobs.complete(id, [late])).toMatchObject({ results: ["stale"], done: 4 });
    const [b] = await jobs.lease(id, request());
    expect(b).toMatchObject({ lo: 4, hi: 10, attempt: 1 });
    expect(await jobs.expire(id, nowMs + 14_999, 3)).toEqual({ requeued: 0, exhausted: false });
    expect(await jobs.renew(id, [b!.token, "unknown"], nowMs + 30_000)).toEqual(["unknown"]);
    expect(await jobs.expire(id, nowMs + 29_999, 3)).toEqual({ requeued: 0, exhausted: false });
    expect(await jobs.expire(id, nowMs + 30_000, 3)).toEqual({ requeued: 1, exhausted: false });
    expect(await jobs.renew(id, [b!.token], nowMs + 60_000)).toEqual([b!.token]);
    expect(await jobs.lease(id, request())).toMatchObject([{ lo: 4, hi: 10, attempt: 2 }]);
  });

  test("penalties exhaust the attempts of the tasks they fall on, and of no others", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 8);
    const punish = async (attempt: number) => {
      const [lease] = await jobs.lease(id, request({ prefer: [[2, 4]], tasksMax: 2 }));
      expect(lease).toMatchObject({ lo: 2, hi: 4, attempt });
      return jobs.release(id, [lease!.token], punished);
    };
    expect(await punish(1)).toBe("released");
    expect(await punish(2)).toBe("released");
    const rest = await jobs.lease(id, request({ leases: 9 }));
    expect(rest.map(({ lo, hi, attempt }) => [lo, hi, attempt])).toEqual([
      [0, 2, 1],
      [2, 4, 3],
      [4, 8, 1],
    ]);
    const tokens = rest.map(({ token }) => token);
    expect(await jobs.release(id, tokens, plain)).toBe("released");
    expect(await punish(3)).toBe("exhausted");
  });

  test("expiry counts attempts and says when they are exhausted", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 4);
    await jobs.lease(id, request({ tasksMax: 2, leases: 2 }));
    expect(await jobs.expire(id, nowMs + 20_000, 2)).toEqual({ requeued: 2, exhausted: false });
    await jobs.lease(id, request());
    expect(await jobs.expire(id, nowMs + 20_000, 2)).toEqual({ requeued: 1, exhausted: true });
  });

  test("neighbours that were given back are leased as one run again", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 50);
    const leases = await jobs.lease(id, request({ leases: 50, tasksMax: 1 }));
    const shuffled = leases
      .map((lease, i) => [(i * 37) % 50, lease.token] as const)
      .sort(([a], [b]) => a - b);
    for (const [, token] of shuffled) await jobs.release(id, [token], plain);
    expect(runsOf(await jobs.lease(id, request()))).toEqual([[0, 50]]);
  });

  test("stragglers are copied once, when nothing is pending, to another holder", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 10);
    await jobs.lease(id, request({ tasksMax: 5 }));
    const copy = request({ holder: "ses_b", backupAfterMs: 1000, nowMs: nowMs + 1001, leases: 9 });
    expect(await jobs.lease(id, { ...copy, preferOnly: true })).toEqual([]);
    const mixed = await jobs.lease(id, { ...copy, leases: 1 });
    expect(mixed).toMatchObject([{ lo: 5, hi: 10, backup: false }]);
    expect(await jobs.lease(id, { ...copy, nowMs: nowMs + 1000 })).toEqual([]);
    expect(await jobs.lease(id, { ...copy, holder: "ses_a" })).toEqual([]);
    expect(await jobs.lease(id, copy)).toMatchObject([{ lo: 0, hi: 5, backup: true, attempt: 1 }]);
    expect(await jobs.lease(id, { ...copy, holder: "ses_c" })).toEqual([]);
  });

  async function withCopy(tasks: number, answeredFirst = 0) {
    const { jobs } = store();
    const id = await newJob(store(), tasks);
    const [first] = await jobs.lease(id, request());
    const answer = (token: string, lo: number, hi: number) =>
      jobs.complete(id, [{ token, lo, hi, outputs: outputsOf(lo, hi), earner }]);
    if (answeredFirst > 0) await answer(first!.token, 0, answeredFirst);
    const [copy] = await jobs.lease(
      id,
      request({ holder: "ses_b", backupAfterMs: 0, nowMs: nowMs + 1 }),
    );
    expect(copy).toMatchObject({ lo: answeredFirst, hi: tasks, backup: true });
    return { id, jobs, first: first!.token, copy: copy!.token, answer };
  }

  test("of a task and its copy the first answer wins, the other is late, nothing counts twice", async () => {
    const { jobs, id, first, copy, answer } = await withCopy(10, 2);
    expect(await answer(copy, 2, 5)).toMatchObject({ results: ["accepted"], done: 5 });
    expect(await answer(first, 2, 4)).toMatchObject({ results: ["late"], done: 5 });
    expect(await answer(first, 4, 5)).toMatchObject({ results: ["late"], done: 5 });
    expect(await answer(first, 5, 7)).toMatchObject({ results: ["accepted"], done: 7 });
    const last = await answer(first, 7, 10);
    expect(last).toMatchObject({ results: ["accepted"], finished: true, redundant: [copy] });
    expect(last.summary).toEqual({ outputs: 10, bytes: 90, fuel: 100 });
    expect(await jobs.renew(id, [copy], nowMs + 1e6)).toEqual([copy]);
    expect(await answer(copy, 5, 10)).toMatchObject({ results: ["late"], finished: false });
    expect(await jobs.expire(id, nowMs + 1e7, 1)).toEqual({ requeued: 0, exhausted: false });
    expect(await answer(copy, 5, 10)).toMatchObject({ results: ["stale"], done: 10 });
  });

  test("an answer that is partly late ends its lease, and the rest stays with the copy", async () => {
    const { jobs, id, first, copy, answer } = await withCopy(10);
    await answer(copy, 0, 3);
    expect(await answer(first, 0, 5)).toMatchObject({ results: ["late"], done: 3 });
    expect(await answer(first, 3, 5)).toMatchObject({ results: ["stale"], done: 3 });
    expect(await jobs.lease(id, request())).toEqual([]);
    expect(await answer(copy, 3, 10)).toMatchObject({ results: ["accepted"], finished: true });
  });

  test("an answer that is partly late without a copy makes the rest pending again", async () => {
    const { jobs, id, first, copy, answer } = await withCopy(10);
    await answer(copy, 0, 3);
    await jobs.release(id, [copy], plain);
    expect(await answer(first, 0, 5)).toMatchObject({ results: ["late"], done: 3 });
    expect(await jobs.lease(id, request())).toMatchObject([{ lo: 3, hi: 10, attempt: 1 }]);
  });

  test("a claim outlives one of its two leases, and may then be copied again", async () => {
    const { jobs, id, first, copy, answer } = await withCopy(10);
    expect(await jobs.release(id, [first], punished)).toBe("released");
    expect(await jobs.lease(id, request())).toEqual([]);
    const again = request({ holder: "ses_c", backupAfterMs: 0, nowMs: nowMs + 2 });
    const [third] = await jobs.lease(id, again);
    expect(third).toMatchObject({ lo: 0, hi: 10, backup: true, attempt: 2 });
    await answer(copy, 0, 1);
    await jobs.release(id, [copy, third!.token], plain);
    expect(await jobs.lease(id, request())).toMatchObject([{ lo: 1, hi: 10, attempt: 2 }]);
  });

  test(`${tasks} leases of one task each stay fast and correct`, { timeout: 240_000 }, async () => {
    const { jobs } = store();
    const batch = 1000;
    const id = await newJob(store(), tasks, stageOf(0, tasks));
    // Every second one is given back first, so that the pending runs are as many as they can be.
    const held: { token: string; lo: number; hi: number }[] = [];
    const back: string[] = [];
    for (let at = 0; at < tasks; at += batch) {
      const leases = await jobs.lease(id, request({ leases: batch, tasksMax: 1 }));
      expect(leases).toHaveLength(batch);
      for (const lease of leases) {
        expect(lease.hi - lease.lo).toBe(1);
        if (lease.lo % 2 === 1) back.push(lease.token);
        else held.push(lease);
      }
    }
    for (let at = 0; at < back.length; at += batch)
      await jobs.release(id, back.slice(at, at + batch), plain);
    const slicesMs: number[] = [];
    let finished = 0;
    const answer = async (leases: readonly { token: string; lo: number; hi: number }[]) => {
      const startMs = performance.now();
      const completions = leases.map((lease) => ({
        ...lease,
        outputs: [output(lease.lo)],
        earner,
      }));
      const outcome = await jobs.complete(id, completions);
      expect(outcome.results.every((result) => result === "accepted")).toBe(true);
      if (outcome.finished) finished++;
      slicesMs.push(performance.now() - startMs);
    };
    for (let at = 0; at < held.length; at += batch) await answer(held.slice(at, at + batch));
    for (;;) {
      const leases = await jobs.lease(id, request({ leases: batch, tasksMax: 1 }));
      if (leases.length === 0) break;
      await answer(leases);
    }
    expect(finished).toBe(1);
    expect(await jobs.read(id)).toMatchObject({ done: tasks, tasksDone: tasks });
    const middle = await jobs.outputs(id, 0, {
      level: 0,
      from: tasks / 2 - 100,
      to: tasks / 2 + 100,
    });
    expect(middle.map(({ index }) => index)).toEqual(
      Array.from({ length: 200 }, (_, i) => tasks / 2 - 100 + i),
    );
    const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
    const [early, late] = [median(slicesMs.slice(0, 20)), median(slicesMs.slice(-20))];
    expect(late, `1,000 answers took ${early} ms early and ${late} ms late`).toBeLessThan(
      early * 8,
    );
  });
}
