import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signUp, type TestMember } from "../../api/testing/test-api.ts";
import { type Client, createClient, GridError, type Job } from "../../client/index.ts";
import type { LedgerReport, SubmitRequest } from "../../protocol/http.ts";
import { endedStatuses } from "../../protocol/job.ts";
import { microOf } from "../../protocol/money.ts";
import { floatSums, linesOf, seeded, slowMap } from "../support/functions.ts";
import { System, until } from "../support/system.ts";

/**
 * Kills the API at random points while paid jobs run. After each kill the ledger must hold, and at the end every task
 * was paid exactly once: each job cost what the undisturbed one did. Repeat a failure with CHAOS_SEED.
 */
const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1e9));
const kills = Number(process.env.CHAOS_KILLS ?? 50);
const atOnce = 3;
console.log(`chaos: CHAOS_SEED=${seed}, ${kills} kills of an API that pays`);

let system: System;
let consumer: Client;
let author: TestMember;
let provider: TestMember;
let consumerHandle: string;
const requests: SubmitRequest[] = [];
/** What each request costs undisturbed, microcredits: work, royalty and fee. */
const costs: Pick<Job, "hold">[] = [];

beforeAll(async () => {
  system = await System.start({ leaseMs: 1_500, runner: false });
  const [ann, ben, cay] = await Promise.all(
    ["ann", "ben", "cay"].map((handle) => signUp(system.url, handle)),
  );
  author = ann!;
  provider = ben!;
  consumerHandle = cay!.handle;
  await system.startRunner({ token: provider.key });
  const writer = createClient({ url: system.url, key: author.key });
  const shared = { visibility: "public", royaltyPercent: 12.5 } as const;
  await writer.functions.publish({ name: "slow-map", source: slowMap, ...shared });
  await writer.functions.publish({ name: "float-sums", source: floatSums, ...shared });
  consumer = createClient({ url: system.url, key: cay!.key });
  await consumer.health();
  await system.client.ledger.grant({ account: consumerHandle, credits: 100_000, note: "chaos" });
  const lines = await consumer.datasets.upload(linesOf(60_000), { name: "lines", format: "lines" });
  // Forced tasks need no probe: what a job runs is the same whatever dies.
  const common = {
    dataset: lines.id,
    pool: "everyone",
    recordsPerTask: 1_500,
    budget: 500,
    memo: false,
  };
  requests.push(
    { function: "ann/slow-map", seed: 7, params: { spin: 1_000 }, ...common },
    { function: "ann/float-sums", ...common },
  );
  for (const request of requests) {
    const { id } = await consumer.jobs.submit(request);
    costs.push(await settled(id));
  }
  for (const { hold } of costs) expect(hold!.work).toBeGreaterThan(0);
});

afterAll(() => system?.stop());

test("every task is paid once, whenever the API dies", async () => {
  const random = seeded(seed);
  const under: { id: string; request: number; cancelled: boolean; tight: boolean }[] = [];
  const all: typeof under = [];
  for (let kill = 0; kill < kills; kill++) {
    while (under.length < atOnce) {
      const request = Math.floor(random() * requests.length);
      const tight = random() < 0.3;
      const budget = tight ? costs[request]!.hold!.spent / 3 : 500;
      const body = { ...requests[request]!, budget: Math.ceil(budget * 1e6) / 1e6 };
      const { id } = await consumer.jobs.submit(body);
      const one = { id, request, cancelled: false, tight };
      under.push(one);
      all.push(one);
    }
    await sleep(30 + random() * 400);
    if (random() < 0.15) {
      const one = under[Math.floor(random() * under.length)]!;
      one.cancelled = true;
      await consumer.jobs.cancel(one.id);
    }
    await system.killApi();
    await system.startApi();
    const report = await verification();
    expect(report.violation, `seed ${seed}, kill ${kill}`).toBeUndefined();
    for (let i = under.length - 1; i >= 0; i--) {
      const job = await consumer.jobs.get(under[i]!.id);
      if (endedStatuses.has(job.status)) under.splice(i, 1);
      else if (job.status === "paused") await topUp(job.id);
    }
  }
  for (const { id, request, cancelled } of all) {
    const job = await settled(id);
    const context = `seed ${seed}, job ${id}, ${job.status}`;
    const usual = costs[request]!.hold!;
    const { hold } = job;
    expect(hold!.left, context).toBe(0);
    expect(hold!.owed, context).toBe(0);
    if (job.status === "succeeded") {
      expect({ ...hold, held: 0 }, context).toEqual({ ...usual, held: 0 });
    } else {
      expect(cancelled, `${context} ${JSON.stringify(job.error)}`).toBe(true);
      expect(hold!.work, context).toBeLessThanOrEqual(usual.work);
    }
  }
  await until(
    async () => (await verification()).violation === undefined,
    "the ledger to hold once all is settled",
  );
  const jobs = await Promise.all([...all.map(({ id }) => settled(id))]);
  const paid = (part: "work" | "royalty" | "fee") =>
    [...costs, ...jobs].reduce((sum, { hold }) => sum + microOf(hold![part]), 0);
  expect(await earnedBy(provider)).toBe(paid("work"));
  expect(await earnedBy(author)).toBe(paid("royalty"));
});

/** A job that has ended and whose hold is empty; paused ones are topped up. */
async function settled(id: string): Promise<Job> {
  let job!: Job;
  await until(
    async () => {
      job = await consumer.jobs.get(id);
      if (job.status === "paused") await topUp(id);
      return job.hold?.settled === true;
    },
    `job ${id} to be settled`,
    60_000,
  );
  return job;
}

async function topUp(id: string): Promise<void> {
  try {
    await consumer.jobs.topUp(id, 400);
  } catch (error) {
    // It ended since it was looked at.
    if (!(error instanceof GridError && error.code === "conflict")) throw error;
  }
}

async function verification(): Promise<LedgerReport> {
  return await system.client.ledger.verify();
}

/** What came into a wallet besides the grant for signing up, microcredits. */
async function earnedBy({ key }: TestMember): Promise<number> {
  const { wallet } = createClient({ url: system.url, key });
  const { available } = await wallet.get();
  let granted = 0;
  for await (const { amount } of wallet.history({ kinds: ["grant"] })) granted += microOf(amount);
  return microOf(available) - granted;
}
