import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { earnerOf } from "../../protocol/earner.ts";
import { settledIn } from "../ledger/holdings.ts";
import { costOf } from "../payments/split.ts";
import { type RunningApi, startApi } from "../start-api.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";
import { backUp } from "./backup.ts";
import { restore } from "./restore.ts";

/** The books are of an earlier time than the store beside them. */
let folder: string;
let api: TestApi;
let ada: TestMember;
let again: RunningApi | undefined;
const lines: Record<string, unknown>[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sparegrid-restored-"));
  api = await startTestApi({ dataDir: join(folder, "data") });
  ada = await api.member("ada");
  api.seedFunction("f");
});
afterEach(async () => {
  await again?.close();
  await api.end();
  rmSync(folder, { recursive: true, force: true });
});

async function submit(): Promise<string> {
  const items = Array.from({ length: 8 }, (_, at) => at);
  const body = { function: "operator/f", input: items, pool: "everyone", budget: 5 };
  const answer = await ada.json<{ id: string }>("/v1/jobs", post({ ...body, recordsPerTask: 1 }));
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer.body.id;
}

/** A runner of the lender's does a task, and is paid for it. */
async function work(id: string, fuel: number): Promise<void> {
  const { store, payments } = api.deps;
  const nowMs = Date.now();
  const request = { holder: "s", leases: 1, tasksMax: 1, leaseMs: 60_000, nowMs };
  const [lease] = await store.jobs.lease(id, request);
  const inline = Buffer.from("1\n");
  const about = { level: 0, index: lease!.lo, hash: digestOf(inline), bytes: inline.byteLength };
  const outputs = [{ ...about, fuel, hostClass: "test", inline }];
  const { token, lo, hi } = lease!;
  const earner = earnerOf("acc_lender", "run_1");
  await store.jobs.complete(id, [{ token, lo, hi, outputs, earner }]);
  await payments.settlement.settle(id);
}

const wallet = ({ deps }: RunningApi, account: string) =>
  deps.ledger.balance(`wallet:${account}`).available;

async function restart(): Promise<RunningApi> {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split("\n")) lines.push(JSON.parse(line));
      done();
    },
  });
  const config = { port: 0, runners: 0, dataDir: api.dataDir };
  again = await startApi({ config, log: pino({ level: "warn" }, sink) });
  return again;
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > giveUpMs) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("what restored books know is paid once and to the end, what they do not know ends", async () => {
  const before = [await submit(), await submit(), await submit()] as const;
  const [open, ended, cancelled] = before;
  for (const id of before) await work(id, 100_000_000);
  const kept = join(folder, "b.db");
  await backUp(api.dataDir, kept, false);
  const atBackup = wallet(api, ada.account);

  // What the books forget: payments, an end that was paid, and all of a job.
  for (const id of before) await work(id, 200_000_000);
  await ada.ask(`/v1/jobs/${ended}/cancel`, post(""));
  await ada.ask(`/v1/jobs/${cancelled}/cancel`, post(""));
  await api.deps.payments.settlement.settle(ended);
  const unknown = [await submit(), await submit()] as const;
  for (const id of unknown) await work(id, 50_000_000);
  await ada.ask(`/v1/jobs/${unknown[1]}/cancel`, post(""));
  const paid = wallet(api, "acc_lender");
  await api.close({ drainMs: 100 });

  const nowMs = Date.now();
  restore({ dataDir: api.dataDir, file: kept, force: true, nowMs });
  const { deps } = await restart();
  const { payments, store, ledger } = deps;
  await eventually(() => lines.some(({ jobs }) => jobs === 2));
  for (const id of before) await payments.settlement.settle(id);

  // Every unit of fuel of the jobs that the books know is paid, once.
  const terms = payments.rows.find(open)!;
  for (const id of before) {
    const { fuel, workMicro, royaltyMicro, feeMicro } = payments.rows.find(id)!;
    expect(fuel, id).toBe(300_000_000);
    expect(workMicro + royaltyMicro + feeMicro, id).toBe(costOf(fuel, terms));
  }
  const lenders = before.reduce((sum, id) => sum + payments.rows.find(id)!.workMicro, 0);
  expect(wallet(again!, "acc_lender")).toBe(lenders);
  expect(lenders).toBeLessThan(paid);
  expect([open, ended, cancelled].map((id) => payments.rows.isOpen(id))).toEqual([
    true,
    false,
    false,
  ]);
  for (const id of [ended, cancelled]) expect(ledger.balance(`job:${id}`).available).toBe(0);
  const refunded = 2 * 5_000_000 - 2 * costOf(300_000_000, terms);
  expect(wallet(again!, ada.account)).toBe(atBackup + refunded);

  // Nobody works on what nobody pays for, and it is told.
  for (const id of unknown) expect(await store.jobs.read(id), id).toBeUndefined();
  const told = lines.find(({ jobs }) => jobs === 2)!;
  expect(told).toMatchObject({ unpaidFuel: 100_000_000 });
  expect(told.first).toEqual(expect.arrayContaining([...unknown]));
  expect((await store.jobs.read(open))?.status).toBe("queued");
  expect(ledger.verify({ settledIn }).violation).toBeUndefined();
});

test("without a store, jobs of the books end, and their credits return", async () => {
  const id = await submit();
  await work(id, 100_000_000);
  await backUp(api.dataDir, join(folder, "b.db"), false);
  const spent = costOf(100_000_000, api.deps.payments.rows.find(id)!);
  const total = wallet(api, ada.account) + 5_000_000;
  await api.close({ drainMs: 100 });
  rmSync(api.dataDir, { recursive: true });
  restore({ dataDir: api.dataDir, file: join(folder, "b.db"), force: false, nowMs: Date.now() });
  const { deps } = await restart();
  // As housekeeping does it once a job is minutes old.
  deps.jobReader.abandon(id);
  await deps.payments.settlement.settle(id);
  expect(wallet(again!, ada.account)).toBe(total - spent);
  expect(deps.ledger.verify({ settledIn }).violation).toBeUndefined();
});
