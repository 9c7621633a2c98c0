import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signUp } from "../../api/testing/test-api.ts";
import { type Client, createClient, type Job, type SubmitRequest } from "../../client/index.ts";
import { descent, linesOf, matrixOf, slowMap } from "../support/functions.ts";
import { System, until } from "../support/system.ts";
import { RunnerProcess } from "./runner-process.ts";

/** Whose machines do whose work: three accounts, each with a machine of its own. */

interface Person {
  handle: string;
  key: string;
  client: Client;
}

/** Long enough that a machine that may serve a job would have taken something of it. */
const settleMs = 1_500;

let system: System;
let ada: Person;
let bob: Person;
let cy: Person;
const runners = new Map<string, RunnerProcess>();
let lines: string;
let rows: string;

beforeAll(async () => {
  system = await System.start({ runner: false });
  [ada, bob, cy] = await Promise.all([person("ada"), person("bob"), person("cy")]);
  await ada.client.functions.publish({ name: "slow-map", source: slowMap });
  await ada.client.functions.publish({ name: "descent", source: descent });
  const { client } = ada;
  lines = (await client.datasets.upload(linesOf(2_000), { name: "lines", format: "lines" })).id;
  const matrix = { name: "rows", format: "matrix", encoding: "f64", columns: 16 } as const;
  rows = (await client.datasets.upload(matrixOf(2_000, 16), matrix)).id;
  for (const stranger of [bob, cy]) await lend(stranger);
});
afterAll(async () => {
  for (const runner of runners.values()) await runner[Symbol.asyncDispose]();
  await system?.stop();
});

async function person(handle: string): Promise<Person> {
  const { key } = await signUp(system.url, handle);
  return { handle, key, client: createClient({ url: system.url, key }) };
}

async function lend({ handle, key, client }: Person): Promise<void> {
  const target = { url: system.url, key, client };
  runners.set(handle, await RunnerProcess.start(target, { name: handle, slots: 1 }));
}

async function withdraw({ handle }: Person): Promise<void> {
  await runners.get(handle)!.drain();
  runners.delete(handle);
}

/** Tasks that a person's machine has done. */
async function done({ handle, client }: Person): Promise<number> {
  return (await client.runners()).find(({ name }) => name === handle)?.tasksDone ?? 0;
}

function submit(more: Partial<SubmitRequest>): Promise<Job> {
  const defaults = { function: "slow-map", dataset: lines, params: { spin: 20_000 } };
  return ada.client.jobs.submit({ ...defaults, recordsPerTask: 20, memo: false, ...more });
}

async function resultOf(job: Job): Promise<string> {
  const { status } = await ada.client.jobs.wait(job.id);
  expect(status).toBe("succeeded");
  return JSON.stringify(await (await ada.client.jobs.result(job.id)).value());
}

test("a job, or call, on one's own machines waits for them and never reaches a stranger's", async () => {
  const job = await submit({ pool: "own" });
  const call = ada.client.invoke("slow-map", ["a"], { pool: "own" });
  await expect(call).rejects.toMatchObject({ code: "no-runner" });
  await sleep(settleMs);
  expect((await ada.client.jobs.get(job.id)).waitingFor).toContain("None of your own runners");
  await lend(ada);
  await resultOf(job);
  expect((await ada.client.invoke("slow-map", ["a"])).result).toHaveLength(1);
  expect(await done(ada)).toBeGreaterThan(0);
  expect([await done(bob), await done(cy)]).toEqual([0, 0]);
});

test("who has machines runs on them, also while they are away, unless told otherwise", async () => {
  const unsaid = await submit({});
  expect(unsaid.pool).toBe("own");
  await resultOf(unsaid);
  await withdraw(ada);
  const waiting = await submit({});
  expect(waiting.pool).toBe("own");
  expect(waiting.waitingFor).toContain("None of your own runners");
  await ada.client.jobs.cancel(waiting.id);
  await ada.client.accounts.changeMe({ defaultPool: "everyone" });
  const everywhere = await submit({});
  expect(everywhere.pool).toBe("everyone");
  await resultOf(everywhere);
  expect((await done(bob)) + (await done(cy))).toBeGreaterThan(0);
});

test("a job on a pool reaches its members' machines and no others", async () => {
  await ada.client.pools.create("lab");
  await ada.client.pools.invite("ada/lab", { handle: "bob" });
  const before = await done(cy);
  const early = await submit({ pool: "lab" });
  await sleep(settleMs);
  expect((await ada.client.jobs.get(early.id)).waitingFor).toContain("No runner of the job's pool");
  await bob.client.pools.accept("ada/lab");
  await resultOf(early);
  expect(await done(cy)).toBe(before);
  const { members } = await bob.client.pools.get("ada/lab");
  expect(members.map(({ handle, runners }) => [handle, runners])).toEqual([
    ["ada", 0],
    ["bob", 1],
  ]);
});

test.each([
  ["tasks one by one", { params: { spin: 60_000 } }],
  [
    "whole rounds",
    { function: "descent", dataset: () => rows, params: { rounds: 1_500 }, recordsPerTask: 200 },
  ],
])("who is removed while it does %s gets no more of them", async (_, work) => {
  const { dataset = () => lines, ...request } = work as { dataset?: () => string };
  const job = await submit({ ...request, dataset: dataset(), pool: "lab" });
  const before = await done(bob);
  await until(async () => (await done(bob)) > before, "bob's machine to begin");
  await ada.client.pools.remove("ada/lab", "bob");
  // What it holds it may finish.
  let counted = -1;
  await until(async () => {
    const before = counted;
    await sleep(settleMs);
    counted = await done(bob);
    return counted === before;
  }, "bob's machine to stop");
  const waiting = await ada.client.jobs.get(job.id);
  expect(waiting.waitingFor).toContain("No runner of the job's pool");
  await lend(ada);
  const shared = await resultOf(job);
  const alone = await submit({ ...request, dataset: dataset(), pool: "own" });
  expect(await resultOf(alone)).toBe(shared);
  await withdraw(ada);
  const { code } = await ada.client.pools.invite("ada/lab");
  await bob.client.pools.join(code!);
});
