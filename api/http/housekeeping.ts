import type { Logger } from "pino";
import { GridError } from "../../protocol/errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { MachineRecords } from "../machines/records.ts";
import type { Memory } from "../memo/index.ts";
import type { Payments } from "../payments/index.ts";
import type { Store } from "../store/port.ts";
import type { Bindings } from "./bindings.ts";
import type { BlobSweep } from "./blob-sweep.ts";
import { idempotencyKeptMs, idempotencyKeysMax } from "./idempotency.ts";
import type { JobReader } from "./job-reader.ts";
import type { Orphans } from "./orphans.ts";
import { loudnessOf } from "./problem.ts";

const everyMsMax = 60_000;
const everyMsMin = 100;
const firstAfterMs = 5_000;
const expiredAtOnce = 500;
/** Rows of jobs that are kept for the list after their results are gone. */
const jobRowsMax = 100_000;
/** Longer than any Idempotency-Key makes a job of the same id again. */
const paymentsKeptMs = 2 * idempotencyKeptMs;
/** A job whose store state is still missing after so long was lost while it was being created. */
const lostAfterMs = 120_000;

export interface HousekeepingOptions {
  catalog: Catalog;
  store: Store;
  bindings: Bindings;
  blobSweep: BlobSweep;
  orphans: Orphans;
  jobReader: JobReader;
  campaigns: { sweep(): void };
  /** Those who have runners connected. */
  noteLenders: () => void;
  payments: Pick<Payments, "rows" | "settlement" | "runnerEarnings">;
  memory: Pick<Memory, "trim">;
  machines: Pick<MachineRecords, "trim">;
  clock: () => number;
  log: Logger;
  jobRetentionMs: number;
  /** How long a blob stays that nobody needs. */
  blobGraceMs: number;
}

/** Removes what is past its time: jobs and their results, inline inputs, idempotency keys, blobs that nobody needs. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #first: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    const everyMs = Math.max(Math.min(everyMsMax, options.blobGraceMs), everyMsMin);
    this.#timer = setInterval(() => void this.run(), everyMs);
    this.#timer.unref();
    this.#first = setTimeout(() => void this.run(), Math.min(firstAfterMs, everyMs));
    this.#first.unref();
  }

  /** One round; joins the one under way. */
  run(): Promise<void> {
    this.#running ??= this.#round()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#first);
    await this.#running;
  }

  #failed(error: unknown): void {
    const { log } = this.#options;
    if (error instanceof GridError && loudnessOf(error.code) === "expected")
      log.warn({ code: error.code, reason: error.message }, "housekeeping is put off");
    else log.error({ err: error }, "housekeeping failed");
  }

  async #round(): Promise<void> {
    const { catalog, blobSweep, orphans, jobReader, campaigns, payments, memory } = this.#options;
    const { clock, jobRetentionMs } = this.#options;
    this.#options.noteLenders();
    const nowMs = clock();
    campaigns.sweep();
    await orphans.sweep();
    await jobReader.reconcile();
    await this.#abandonLost(nowMs);
    for (const id of catalog.jobs.expired(nowMs - jobRetentionMs, expiredAtOnce))
      if (await this.#isPaid(id)) await this.#forget(id);
    payments.rows.trim(nowMs - paymentsKeptMs);
    payments.runnerEarnings.trim();
    this.#options.machines.trim();
    catalog.jobs.trim(jobRowsMax);
    catalog.functions.purge(expiredAtOnce);
    catalog.idempotency.trim(nowMs - idempotencyKeptMs, idempotencyKeysMax);
    await memory.trim();
    await blobSweep.tick();
  }

  async #abandonLost(nowMs: number): Promise<void> {
    const { catalog, store, jobReader } = this.#options;
    for (const id of catalog.jobs.active(expiredAtOnce)) {
      const row = catalog.jobs.find(id);
      if (row && nowMs - row.createdAtMs > lostAfterMs && !(await store.jobs.read(id)))
        jobReader.abandon(id);
    }
  }

  /** What was earned is known to the store alone, until it is paid. */
  async #isPaid(id: string): Promise<boolean> {
    const { rows, settlement } = this.#options.payments;
    if (rows.isOpen(id)) await settlement.settle(id);
    return !rows.isOpen(id);
  }

  async #forget(id: string): Promise<void> {
    const { catalog, store, bindings } = this.#options;
    await store.jobs.remove(id);
    catalog.transaction(() => {
      for (const dataset of catalog.datasets.ofJob(id)) {
        catalog.datasets.remove(dataset);
        catalog.blobRefs.release(dataset);
      }
      catalog.blobRefs.release(id);
      catalog.jobs.gone(id);
    });
    bindings.forget(id);
  }
}
