import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../../protocol/digest.ts";
import type { JobSpec, Output } from "../../../protocol/job.ts";
import { type Database, openDatabase } from "../../database/open.ts";
import { createLedger } from "../../ledger/ledger.ts";
import type { Ledger } from "../../ledger/port.ts";
import { openEmbeddedStore } from "../../store/embedded/store.ts";
import type { Store } from "../../store/port.ts";
import { jobSpecOf } from "../../testing/job-spec.ts";
import { Holds, walletOf } from "../holds.ts";
import { createPaymentRows, type NewPayment, type PaymentRows } from "../rows.ts";
import { Settlement, type SettlementOptions } from "../settlement.ts";

/** 1 credit for 10^9 fuel, a tenth of it to the author, 5 percent to the platform. */
export const testTerms = {
  rateMicro: 1_000_000,
  bidHundredths: 100,
  royaltyBasisPoints: 1000,
  feeBasisPoints: 500,
};
export const credit = 1_000_000;

/** A real ledger, a real embedded store, and what pays between them, in a directory of their own. */
export class MoneyRig {
  readonly dataDir: string;
  readonly database: Database;
  readonly ledger: Ledger;
  readonly store: Store;
  readonly rows: PaymentRows;
  readonly holds: Holds;
  readonly warnings: string[] = [];
  /** What was asked of jobs: "pause ID", "resume ID". */
  readonly asked: string[] = [];
  readonly closed = new Map<string, number>();
  /** What the test says that runners hold. */
  underWay = 0;
  /** Jobs that the store will never know. */
  readonly lost = new Set<string>();
  #settlement: Settlement | undefined;
  #grants = 0;

  static async open(dataDir?: string): Promise<MoneyRig> {
    const directory = dataDir ?? (await mkdtemp(join(tmpdir(), "sparegrid-money-")));
    return new MoneyRig(directory, await openEmbeddedStore({ dataDir: directory }));
  }

  private constructor(dataDir: string, store: Store) {
    this.dataDir = dataDir;
    this.store = store;
    this.database = openDatabase(dataDir);
    this.ledger = createLedger({ database: this.database, clock: Date.now });
    this.rows = createPaymentRows(this.database.drizzle);
    const { rows, ledger } = this;
    const { transaction } = this.database;
    this.holds = new Holds({ rows, ledger, transaction, clock: Date.now });
  }

  settlement(more: Partial<SettlementOptions> = {}): Settlement {
    const { rows, ledger, holds, store, database } = this;
    this.#settlement = new Settlement({
      rows,
      ledger,
      holds,
      store,
      transaction: database.transaction,
      underWay: () => this.underWay,
      pause: async (job, reason) => {
        this.asked.push(`pause ${job}`);
        await store.jobs.pause(job, "budget", { reason });
      },
      resume: async (job) => {
        this.asked.push(`resume ${job}`);
        await store.jobs.resume(job, "budget", { nowMs: Date.now() });
      },
      isLost: (job) => this.lost.has(job),
      onClosed: (job, costMicro) => this.closed.set(job, costMicro),
      clock: Date.now,
      log: { warn: (fields, text) => this.warnings.push(`${text} ${JSON.stringify(fields)}`) },
      ...more,
    });
    return this.#settlement;
  }

  grant(account: string, credits: number): void {
    const id = `grant:${this.#grants++}:${Date.now()}`;
    const to = account === "platform" ? "platform" : walletOf(account);
    this.ledger.apply([{ id, kind: "grant", debit: "mint", credit: to, micro: credits * credit }]);
  }

  /** Credits of a ledger account. */
  credits(account: string): number {
    return this.ledger.balance(account).available / credit;
  }

  /** A job of some tasks with a hold, running. */
  async job(id: string, budget: number, more: Partial<NewPayment> = {}): Promise<JobSpec> {
    const spec = jobSpecOf({ id, kind: "map", owner: "acc_consumer" });
    this.holds.open({
      job: id,
      owner: spec.owner,
      author: "acc_author",
      function: "author/f",
      ...testTerms,
      budgetMicro: budget * credit,
      createdAtMs: Date.now(),
      ...more,
    });
    const stage = { number: 0, round: 0, entry: "map", tasks: 100 } as const;
    await this.store.jobs.create(spec, stage);
    await this.store.jobs.setStatus(id, "running", { nowMs: Date.now() });
    return spec;
  }

  /** Some tasks are answered by an earner, with so much fuel each. */
  async answer(id: string, earner: string, tasks: number, fuel: number): Promise<void> {
    const { jobs } = this.store;
    const request = { holder: "s", leases: 1, tasksMax: tasks, leaseMs: 60_000, nowMs: Date.now() };
    const [lease] = await jobs.lease(id, request);
    const { token, lo, hi } = lease!;
    const outputs: Output[] = [];
    for (let index = lo; index < hi; index++) {
      const inline = Buffer.from("1");
      const about = { level: 0, index, hash: digestOf(inline), bytes: 1, hostClass: "v8" };
      outputs.push({ ...about, inline, fuel });
    }
    await jobs.complete(id, [{ token, lo, hi, outputs, earner }]);
  }

  async end(id: string, status: "succeeded" | "failed" | "cancelled"): Promise<void> {
    await this.store.jobs.setStatus(id, status, { nowMs: Date.now() });
  }

  async close({ remove = true } = {}): Promise<void> {
    await this.#settlement?.close();
    await this.store.close();
    this.ledger.close();
    this.database.close();
    if (remove) await rm(this.dataDir, { recursive: true, force: true });
  }
}
