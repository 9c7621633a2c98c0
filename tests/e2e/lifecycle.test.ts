import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Job, SubmitRequest, WatchedEvent } from "../../client/index.ts";
import { descent, linesOf, matrixOf, slowMap } from "../support/functions.ts";
import { processTree, System, until } from "../support/system.ts";
import { RunnerProcess } from "./runner-process.ts";

/**
 * Runners that come, go and stall, and jobs that are watched, awaited and cancelled. Leases live for a minute here, so
 * that nothing that ends in time can have waited for one to expire.
 */
/** So long that nothing that waits for one to end could pass, however slow the machine. */
const leaseMs = 120_000;
let system: System;
let runners: RunnerProcess[] = [];
let lines: string;
let rows: string;

beforeAll(async () => {
  system = await System.start({ runner: false, leaseMs });
  const { client } = system;
  await client.functions.publish({ name: "slow-map", source: slowMap });
  await client.functions.publish({ name: "descent", source: descent });
  lines = (await client.datasets.upload(linesOf(40_000), { name: "lines", format: "lines" })).id;
  const matrix = { name: "rows", format: "matrix", encoding: "f64", columns: 16 } as const;
  rows = (await client.datasets.upload(matrixOf(40_000, 16), matrix)).id;
});
afterAll(() => system?.stop());
afterEach(async () => {
  for (const runner of runners) await runner[Symbol.asyncDispose]();
  runners = [];
  await until(async () => (await system.client.runners()).length === 0, "the runners to be gone");
});

async function startRunner(name: string, slots = 1): Promise<RunnerProcess> {
  const runner = await RunnerProcess.start(system, { name, slots });
  runners.push(runner);
  return runner;
}

/** Some seconds on one core, in 400 tasks. */
const spinning: SubmitRequest = {
  function: "slow-map",
  memo: false,
  recordsPerTask: 100,
  seed: 5,
  params: { spin: 8_000 },
};
const submitSpinning = () => system.client.jobs.submit({ ...spinning, dataset: lines });

/** The job as it ended, its events and how long that took. */
async function end(id: string): Promise<{ job: Job; events: WatchedEvent[]; ms: number }> {
  const startMs = performance.now();
  const events: WatchedEvent[] = [];
  const job = await system.client.jobs.wait(id, { onEvent: (event) => events.push(event) });
  expect(job.status, JSON.stringify(job.error)).toBe("succeeded");
  return { job, events, ms: performance.now() - startMs };
}

const resultOf = async (id: string) => (await system.client.jobs.result(id)).text();

async function doneAtLeast(id: string, share: number): Promise<void> {
  await until(async () => {
    const { entry, progress } = await system.client.jobs.get(id);
    return entry === "map" && progress.done >= share * progress.total;
  }, `${share} of ${id}`);
}

async function tasksDone(name: string): Promise<number> {
  return (await system.client.runners()).find((runner) => runner.name === name)?.tasksDone ?? 0;
}

describe("two runners", () => {
  let undisturbed: string;

  test("share a job, and one that joins in its middle gets work", async () => {
    await startRunner("first");
    const { id } = await submitSpinning();
    await doneAtLeast(id, 0.1);
    await startRunner("second");
    const atJoin = (await system.client.jobs.get(id)).progress.done;
    const { job } = await end(id);
    undisturbed = await resultOf(id);
    const [first, second] = [await tasksDone("first"), await tasksDone("second")];
    const left = job.progress.total - atJoin;
    expect(left, "the job had ended when the second came").toBeGreaterThan(100);
    expect(first + second).toBeGreaterThanOrEqual(400);
    expect(second).toBeGreaterThan(left * 0.2);
    expect(second).toBeLessThanOrEqual(left);
  });

  test("one that drains loses nothing, and nobody waits for its leases", async () => {
    await startRunner("stays");
    const leaves = await startRunner("leaves");
    const { id } = await submitSpinning();
    await doneAtLeast(id, 0.2);
    expect(await tasksDone("leaves")).toBeGreaterThan(0);
    const ended = end(id);
    expect(await leaves.drain()).toBe(0);
    expect((await system.client.runners()).map(({ name }) => name)).toEqual(["stays"]);
    expect((await system.client.jobs.get(id)).status).toBe("running");
    const { job, events, ms } = await ended;
    expect(ms).toBeLessThan(leaseMs / 3);
    expect(events.filter(({ type }) => type === "task")).toEqual([]);
    expect(job.tasksDone).toBe(job.progress.total);
    expect((await resultOf(id)) === undisturbed).toBe(true);
  });

  test("one that stalls is overtaken by copies of its tasks", async () => {
    await startRunner("goes-on");
    const stalls = await startRunner("stalls");
    const { id } = await submitSpinning();
    await doneAtLeast(id, 0.2);
    await stalls.signalAll("SIGSTOP");
    const { events, ms } = await end(id);
    expect(ms).toBeLessThan(leaseMs / 3);
    expect(events.some((event) => event.type === "task" && event.state === "copied")).toBe(true);
    expect((await resultOf(id)) === undisturbed).toBe(true);

    // It comes back with answers that nobody waits for any more: they change nothing.
    await stalls.signalAll("SIGCONT");
    await until(async () => {
      const { result } = await system.client.run("slow-map", { input: ["a", "b"] });
      return (result as unknown[]).length === 2;
    }, "the next job");
    expect((await resultOf(id)) === undisturbed).toBe(true);
  });

  test("one that stalls holds up one round, not every one that follows", async () => {
    await startRunner("goes-on");
    const undisturbedRounds = await resultOf((await end((await descending()).id)).job.id);
    const stalls = await startRunner("stalls");
    const { id } = await descending();
    const roundMs: number[] = [];
    for await (const event of system.client.jobs.events(id)) {
      if (event.type !== "round") continue;
      if (event.round === 20) await stalls.signalAll("SIGSTOP");
      if (event.round > 20) roundMs.push(event.ms);
    }
    expect((await resultOf(id)) === undisturbedRounds).toBe(true);
    // A few rounds are under way before the stop is noticed.
    expect(roundMs.filter((ms) => ms > 200).length).toBeLessThan(5);
  });
});

const rounds = 120;
const descending = () =>
  system.client.jobs.submit({ function: "descent", dataset: rows, params: { rounds } });

describe("watching", () => {
  /** What the stream says after an event, as plain HTTP, until `enough` or its end. */
  async function stream(id: string, after: number, enough: (text: string) => boolean) {
    const response = await fetch(`${system.url}/v1/jobs/${id}/events`, {
      headers: { authorization: `Bearer ${system.key}`, "last-event-id": String(after) },
    });
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (enough(text)) break;
    }
    const whole = text.slice(0, text.lastIndexOf("\n\n") + 2);
    return [...whole.matchAll(/^id: (\d+)\nevent: (\w+)\ndata: (.*)$/gm)].map(
      ([, number, type, data]) => ({ number: Number(number), type: type!, data: data! }),
    );
  }

  test("rounds arrive in order, each with its metrics, while the job runs", async () => {
    await startRunner("one", 2);
    const { id } = await descending();
    const seen: WatchedEvent[] = [];
    let firstRoundStatus: string | undefined;
    for await (const event of system.client.jobs.events(id)) {
      seen.push(event);
      if (event.type === "round" && event.round === 1)
        firstRoundStatus = (await system.client.jobs.get(id)).status;
    }
    expect(firstRoundStatus).toBe("running");
    const ended = seen.filter((event) => event.type === "round");
    expect(ended.map(({ round }) => round)).toEqual(
      Array.from({ length: rounds }, (_, i) => i + 1),
    );
    expect(ended.map(({ done }) => done)).toEqual(ended.map(({ round }) => round === rounds));
    const losses = ended.map(({ metrics }) => metrics.loss!);
    for (const [i, loss] of losses.entries()) if (i > 0) expect(loss).toBeLessThan(losses[i - 1]!);
    expect(seen.map(({ number }) => number)).toEqual(seen.map((_, i) => i + 1));
    expect(seen.flatMap((event) => (event.type === "status" ? event.status : []))).toEqual([
      "queued",
      "running",
      "succeeded",
    ]);
    expect((await system.client.jobs.get(id)).metrics.loss).toBe(losses.at(-1));
  });

  test("Last-Event-ID goes on after the event, and repeats and misses nothing", async () => {
    await startRunner("one", 2);
    const { id } = await descending();
    const pieces: Awaited<ReturnType<typeof stream>> = [];
    // Hangs up again and again while events come.
    for (let streams = 0; pieces.at(-1)?.data.includes('"succeeded"') !== true; streams++) {
      expect(streams).toBeLessThan(1000);
      const before = pieces.length;
      const after = pieces.at(-1)?.number ?? 0;
      const stop = (text: string) => (text.match(/^data: /gm)?.length ?? 0) >= 5 + (before % 7);
      pieces.push(...(await stream(id, after, stop)));
    }
    const whole = await stream(id, 0, () => false);
    expect(whole.length).toBeGreaterThan(rounds);
    expect(pieces).toEqual(whole);
  });

  test("over an API that is killed, too", async () => {
    await startRunner("one", 2);
    const { id } = await descending();
    const seen: WatchedEvent[] = [];
    let killing: Promise<void> | undefined;
    let reconnects = 0;
    for await (const event of system.client.jobs.events(id, { onReconnect: () => reconnects++ })) {
      seen.push(event);
      if (event.type === "round" && event.round >= 10)
        killing ??= system.killApi().then(() => system.startApi());
    }
    await killing;
    expect(reconnects).toBeGreaterThan(0);
    const numbers = seen.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const whole = await stream(id, 0, () => false);
    for (const { number, data } of whole) {
      // The client asks for batches, which say when each event was.
      const { number: _number, atMs, ...event } = seen.find((one) => one.number === number)!;
      expect(event).toEqual(JSON.parse(data));
      expect(atMs).toBeGreaterThan(0);
    }
    // A kill takes back the last 10 ms: rounds that were seen in them are run, and told, once more, and are the same.
    const kept = new Set(whole.map(({ number }) => number));
    const jump = whole.findIndex(({ number }, i) => number > (whole[i - 1]?.number ?? 0) + 1);
    for (const { number } of seen)
      if (!kept.has(number)) {
        expect(number).toBeGreaterThan(whole[jump - 1]!.number);
        expect(number).toBeLessThan(whole[jump]!.number);
      }
    const metricsOf = new Map<number, unknown>();
    for (const event of seen) {
      if (event.type !== "round") continue;
      const { round, metrics } = event;
      expect(metricsOf.get(round) ?? metrics).toEqual(metrics);
      metricsOf.set(round, metrics);
    }
    expect([...metricsOf.keys()]).toEqual(Array.from({ length: rounds }, (_, i) => i + 1));
  });
});

describe("cancel", () => {
  test("stops executors at once", async () => {
    await startRunner("one", 2);
    const { client } = system;
    const request = { ...spinning, params: { spin: 2_000_000_000 }, dataset: lines };
    const { id } = await client.jobs.submit(request);
    await until(
      async () => (await client.runners())[0]!.busy === 2 && (await busyPids()).length >= 2,
      "both executors to work",
    );
    const startMs = performance.now();
    expect((await client.jobs.cancel(id)).status).toBe("cancelled");
    await until(async () => (await busyPids()).length === 0, "the executors to stop", 3_000);
    expect(performance.now() - startMs).toBeLessThan(3_000);
    expect((await client.runners())[0]!.state).toBe("idle");
    const { result } = await client.invoke("slow-map", ["abc"]);
    expect(result).toHaveLength(1);
  });

  /** Descendants of the API's and runners' parent (this process) that used the processor within 200 ms, but for ours. */
  async function busyPids(): Promise<number[]> {
    const pids = (await processTree(process.pid)).filter(
      (pid) => pid !== process.pid && pid !== system.apiPid,
    );
    const before = await Promise.all(pids.map(ticks));
    await sleep(200);
    const after = await Promise.all(pids.map(ticks));
    return pids.filter((_, i) => after[i]! - before[i]! >= 5);
  }

  /** Processor time of a process in ticks of 10 ms. */
  async function ticks(pid: number): Promise<number> {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
    if (stat === undefined) return 0;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  }
});

describe("invocations that become jobs", () => {
  const input = ["abc"];
  const invoke = (prefer: string, spin: number) =>
    fetch(`${system.url}/v1/functions/slow-map/invoke`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${system.key}`,
        "content-type": "application/json",
        prefer,
      },
      body: JSON.stringify({ input, params: { spin }, seed: 9 }),
    });
  const plain = async (spin: number) =>
    (await system.client.invoke("slow-map", input, { params: { spin }, seed: 9 })).result;

  test("Prefer: respond-async answers 202 at once, and the job gives the same answer", async () => {
    await startRunner("one", 2);
    const response = await invoke("respond-async", 1000);
    expect(response.status).toBe(202);
    expect(response.headers.get("preference-applied")).toBe("respond-async");
    const { jobId } = (await response.json()) as { jobId: string };
    expect(response.headers.get("location")).toBe(`/v1/jobs/${jobId}`);
    await end(jobId);
    expect(await (await system.client.jobs.result(jobId)).value()).toEqual(await plain(1000));
  });

  test("one that outlasts its wait answers 202, and the job gives the same answer", async () => {
    await startRunner("one", 2);
    const spin = 200_000_000;
    const startMs = performance.now();
    const response = await invoke("wait=1", spin);
    expect(response.status).toBe(202);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    const { jobId } = (await response.json()) as { jobId: string };
    await end(jobId);
    const value = await (await system.client.jobs.result(jobId)).value();
    expect(value).toEqual(await plain(spin));
  });

  test("one that does not outlast it answers 200", async () => {
    await startRunner("one", 2);
    const response = await invoke("wait=20", 1000);
    expect(response.status).toBe(200);
    const { result } = (await response.json()) as { result: unknown };
    expect(result).toEqual(await plain(1000));
  });
});

describe("constants", () => {
  test("bound to a value, a job's result and a dataset, in jobs and in invocations", async () => {
    await startRunner("one", 2);
    const { client } = system;
    await client.functions.publish({
      name: "look-up",
      source: `
import { constant, items, map } from "sparegrid";
export default map({
  title: "Look up", input: items<number>(),
  uses: { list: constant<readonly unknown[]>({ description: "What is looked up" }) },
  map: (index, { uses: { list } }) => list[index] ?? null,
});`,
    });
    const made = await client.run("look-up", {
      input: [2, 0],
      uses: { list: { value: ["zero", "one", "two"] } },
    });
    expect(made.result).toEqual(["two", "zero"]);
    const dataset = await client.datasets.upload(Buffer.from('"a"\n["b"]\n'), {
      name: "constants",
      format: "ndjson",
    });
    const bindings = [
      [`job:${made.job.id}`, ["zero", "two", null]],
      [{ job: made.job.id }, ["zero", "two", null]],
      [`dataset:${dataset.id}`, [["b"], "a", null]],
    ] as const;
    for (const [list, expected] of bindings) {
      const settings = { uses: { list } };
      expect((await client.run("look-up", { input: [1, 0, 9], ...settings })).result).toEqual(
        expected,
      );
      expect((await client.invoke("look-up", [1, 0, 9], settings)).result).toEqual(expected);
    }
    const unbound = client.jobs.submit({ function: "look-up", input: [1] });
    await expect(unbound).rejects.toMatchObject({ code: "missing-use" });
  });
});
