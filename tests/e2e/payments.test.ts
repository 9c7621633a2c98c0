import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signUp, type TestMember } from "../../api/testing/test-api.ts";
import { type Client, createClient } from "../../client/index.ts";
import type { Job, LedgerReport, SubmitRequest, Wallet } from "../../protocol/http.ts";
import { creditsOf } from "../../protocol/money.ts";
import { descent, linesOf, slowMap } from "../support/functions.ts";
import { type System, startSystem, until } from "../support/system.ts";
import { RunnerProcess } from "./runner-process.ts";

/** Ada wrote the function, bob runs it, cleo's machine works, and nobody else's. */
let system: System;
let [ada, bob, cleo]: TestMember[] = [];
let client: Client;
let machine: RunnerProcess;
let dataset: string;

beforeAll(async () => {
  system = await startSystem({ runner: false });
  const { url } = system;
  [ada, bob, cleo] = [
    await signUp(url, "ada"),
    await signUp(url, "bob"),
    await signUp(url, "cleo"),
  ];
  const publish = async (name: string, source: string) => {
    const settings = { visibility: "public", royaltyPercent: 10 } as const;
    await createClient({ url, key: ada!.key }).functions.publish({ name, source, ...settings });
  };
  await publish("slow-map", slowMap);
  await publish("descent", descent);
  client = createClient({ url, key: bob!.key });
  const upload = Readable.from([linesOf(20_000)]);
  dataset = (await client.datasets.upload(upload, { name: "lines", format: "lines" })).id;
  const lender = { url, key: cleo!.key, client: createClient({ url, key: cleo!.key }) };
  machine = await RunnerProcess.start(lender, { name: "cleo's", slots: 2 });
});
afterAll(async () => {
  const { holds, violation } = await verify();
  await machine[Symbol.asyncDispose]();
  await system.stop();
  expect([holds, violation]).toEqual([true, undefined]);
});

const verify = async () => {
  const headers = { authorization: `Bearer ${system.key}` };
  const response = await fetch(`${system.url}/v1/ledger/verify`, { headers });
  return (await response.json()) as LedgerReport;
};

const request = (more: Partial<SubmitRequest> = {}): SubmitRequest => ({
  function: "ada/slow-map",
  dataset,
  memo: false,
  ...more,
});

async function credits(member: TestMember | undefined): Promise<number> {
  return (await member!.json<Wallet>("/v1/ledger")).body.available;
}

async function settled(id: string): Promise<Job> {
  await client.jobs.wait(id);
  await until(async () => (await client.jobs.get(id)).hold?.settled === true, "settlement");
  return client.jobs.get(id);
}

describe("a job", () => {
  test("holds its budget; provider, author and platform get what the rate says; the rest returns", async () => {
    const before = [await credits(ada), await credits(bob), await credits(cleo)];
    const submitted = await client.jobs.submit(request({ budget: 20.5 }));
    expect(submitted.hold).toMatchObject({ held: 20.5, royaltyPercent: 10, feePercent: 5 });
    expect(await credits(bob)).toBeLessThanOrEqual(before[1]! - 20.5);
    const job = await settled(submitted.id);
    const hold = job.hold!;
    const work = Math.floor((job.fuel * hold.rate * 1e6) / 1e9);
    expect(job.status).toBe("succeeded");
    expect(hold).toMatchObject({
      work: creditsOf(work),
      royalty: creditsOf(Math.floor(work / 10)),
      fee: creditsOf(Math.floor(work / 20)),
      spent: job.cost,
      left: 0,
      owed: 0,
    });
    expect(await credits(ada)).toBeCloseTo(before[0]! + hold.royalty, 6);
    expect(await credits(bob)).toBeCloseTo(before[1]! - job.cost, 6);
    expect(await credits(cleo)).toBeCloseTo(before[2]! + hold.work, 6);
  });

  test("submitted twice under one key holds once", async () => {
    const before = await credits(bob);
    const init = {
      method: "POST",
      headers: { "idempotency-key": "twice" },
      body: JSON.stringify(request({ budget: 3, pool: "own" })),
    };
    const own = await Promise.all([
      bob!.json<Job>("/v1/jobs", init),
      bob!.json<Job>("/v1/jobs", init),
    ]);
    expect(own.map(({ body }) => body.hold)).toEqual([undefined, undefined]);
    await client.jobs.cancel(own[0]!.body.id);
    init.headers["idempotency-key"] = "twice more";
    init.body = JSON.stringify(request({ budget: 3 }));
    const paid = await Promise.all([
      bob!.json<Job>("/v1/jobs", init),
      bob!.json<Job>("/v1/jobs", init),
    ]);
    expect(new Set(paid.map(({ body }) => body.id)).size).toBe(1);
    const job = await settled(paid[0]!.body.id);
    expect(job.hold?.held).toBe(3);
    expect(await credits(bob)).toBeCloseTo(before - job.cost, 6);
  });

  test.each([0, -1, 1e-7, 1e12, "5", null])("with a budget of %s is refused", async (budget) => {
    const body = JSON.stringify({ ...request(), budget });
    const answer = await bob!.json("/v1/jobs", { method: "POST", body });
    expect([answer.status, answer.body.code]).toEqual([400, "bad-request"]);
  });

  test("with a budget beyond the wallet is refused with what there is and what it takes", async () => {
    const available = await credits(bob);
    await expect(client.jobs.submit(request({ budget: 5000 }))).rejects.toMatchObject({
      code: "insufficient-credits",
      details: { available, needed: 5000, hint: expect.any(String) as string },
    });
  });

  test("that is cancelled pays for what was done, and holds nothing any more", async () => {
    const before = await credits(bob);
    const { id } = await client.jobs.submit(request({ params: { spin: 100_000 }, budget: 20 }));
    await until(async () => (await client.jobs.get(id)).cost > 0, "some work to be paid");
    await client.jobs.cancel(id);
    const job = await settled(id);
    expect(job).toMatchObject({ status: "cancelled", hold: { left: 0, owed: 0 } });
    expect(job.cost).toBeLessThan(20);
    expect(await credits(bob)).toBeCloseTo(before - job.cost, 6);
  });

  test("whose function fails gives back what it did not spend", async () => {
    const before = await credits(bob);
    const limits = { fuelPerTask: 1000 };
    const { id } = await client.jobs.submit(request({ limits, budget: 20 }));
    const job = await settled(id);
    expect(job).toMatchObject({ status: "failed", hold: { left: 0 } });
    expect(await credits(bob)).toBeCloseTo(before - job.cost, 6);
  });
});

describe("a budget that is too small", () => {
  test.each([
    ["slow-map", { params: { spin: 20_000 } }],
    ["descent", { params: { rounds: 4000 } }],
  ])("pauses %s and says so; a top-up goes on, and the job ends as ever", async (name, more) => {
    const input =
      name === "descent"
        ? { input: Array.from({ length: 2000 }, (_, i) => [i % 7, i % 11, 1]) }
        : { dataset };
    const { id } = await client.jobs.submit({
      function: `ada/${name}`,
      ...input,
      ...more,
      budget: 0.05,
    });
    await until(async () => (await client.jobs.get(id)).status === "paused", "the pause", 90_000);
    const paused = await client.jobs.get(id);
    expect(paused.waitingFor).toMatch(/budget is (nearly )?used up/);
    expect(paused.hold!.spent).toBeLessThanOrEqual(0.05);
    await client.jobs.topUp(id, 60);
    const job = await settled(id);
    expect(job).toMatchObject({ status: "succeeded", hold: { held: 60.05, owed: 0, left: 0 } });
    expect(job.cost).toBeGreaterThan(0.05);
  });
});

describe("a call", () => {
  test("is paid by its caller to whose machine answered", async () => {
    const before = [await credits(bob), await credits(cleo)];
    let fuel = 0;
    for (let i = 0; i < 5; i++)
      fuel += (await client.invoke("ada/slow-map", ["a", "b"], { params: { spin: 100_000 } })).fuel;
    expect(fuel).toBeGreaterThan(1_000_000);
    // Calls are charged some at a time, and the two wallets are read one after the other.
    await until(async () => {
      const cost = before[0]! - (await credits(bob));
      const earned = (await credits(cleo)) - before[1]!;
      return earned > 0 && Math.abs(cost / earned - 1.15) < 0.005;
    }, "the calls to be charged, with royalty and fee");
  });

  test("by who has set all aside is refused before it runs", async () => {
    const dora = await signUp(system.url, "dora");
    const ask = (path: string, body: object) =>
      dora.json<Job & { code?: string }>(path, { method: "POST", body: JSON.stringify(body) });
    const all = { input: ["a"], params: { spin: 1e9 }, budget: await credits(dora) };
    const { body: job } = await ask("/v1/jobs", { function: "ada/slow-map", ...all });
    const call = await ask("/v1/functions/ada/slow-map/invoke", { input: ["a"] });
    expect([call.status, call.body.code]).toEqual([402, "insufficient-credits"]);
    await ask(`/v1/jobs/${job.id}/cancel`, {});
  });
});

describe("an estimate", () => {
  test("holds what the job then costs, by a small sample", async () => {
    const params = { spin: 3000 };
    const estimate = await client.jobs.estimate(request({ params }));
    expect(estimate).toMatchObject({ royaltyPercent: 10, feePercent: 5, free: false });
    expect(estimate.records).toBe(20_000);
    expect(estimate.sampledRecords).toBeLessThan(20_000);
    const submitted = await client.jobs.submit(request({ params }));
    expect(submitted.hold?.held).toBe(estimate.cost.high);
    const job = await settled(submitted.id);
    expect(job.fuel).toBeGreaterThan(estimate.fuel.low * 0.8);
    expect(job.fuel).toBeLessThan(estimate.fuel.high);
  });

  test("of an iterative function is by the round", async () => {
    const input = Array.from({ length: 2000 }, (_, i) => [i % 7, i % 11, 1]);
    const body = { function: "ada/descent", input, params: { rounds: 10 } };
    const { rounds, fuel } = await client.jobs.estimate(body);
    const job = await settled((await client.jobs.submit(body)).id);
    expect(rounds?.most).toBe(10);
    expect(job.fuel).toBeGreaterThan(rounds!.fuel.low * 10 * 0.8);
    expect(job.fuel).toBeLessThan(fuel.high * 1.2);
  });

  test("tells a function's own error", async () => {
    const limits = { fuelPerTask: 1000 };
    await expect(client.jobs.estimate(request({ limits }))).rejects.toMatchObject({
      code: "out-of-fuel",
    });
  });
});
