import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setRateRequestSchema } from "../../../protocol/http-payouts.ts";
import { type Database, openDatabase } from "../../database/open.ts";
import { BlobGate } from "../../http/blob-gate.ts";
import { openEmbeddedStore } from "../../store/embedded/store.ts";
import type { Store } from "../../store/port.ts";
import { beginLife, type Life } from "./life.ts";

/** How a process ends: its store goes on without it (as Redis does), or dies with it (as the embedded one does). */
export type Death = "alone" | "with-its-store";

/** One database, one store, and the processes that work on them one after the other. */
export class MoneyWorld {
  nowMs = Date.parse("2026-11-23T12:00:00Z");
  database!: Database;
  store!: Store;
  life!: Life;
  /** Jobs that a submit which died has left without a place in the store. */
  readonly lost = new Set<string>();
  /** Balances of the accounts that all histories share, as the last one left them. */
  shared: Record<string, number> = {};
  /** Tasks that runners hold, as the gateway would say. */
  underWay = 0;
  death: Death = "alone";
  readonly #folder = mkdtempSync(join(quickFolder(), "sparegrid-world-"));
  readonly #gate = new BlobGate(1_000, () => this.nowMs);
  #lives = 0;

  static async open(): Promise<MoneyWorld> {
    const world = new MoneyWorld();
    mkdirSync(world.#dataDir);
    await world.#openFiles();
    world.begin();
    const rate = { currency: "EUR", minorPerCredit: 1.5, minimum: 1, fee: 0 };
    world.life.payouts.rates.publish("rate_1", "acc_operator", setRateRequestSchema.parse(rate));
    // Clocks are set back, but not to before there was a rate.
    world.nowMs += 86_400_000;
    return world;
  }

  /** After a death, or in its stead: what the process has left is opened for the next one. */
  async reopen(): Promise<void> {
    const { life, death, database, store } = this;
    life.fuse.kill();
    if (death === "alone") return;
    this.#lives++;
    await this.#openFiles();
    await store.close();
    database.close();
    rmSync(this.#dirOf(this.#lives - 1), { recursive: true });
  }

  async close(): Promise<void> {
    await this.life.settlement.close();
    await this.store.close();
    this.database.close();
    rmSync(this.#folder, { recursive: true });
  }

  get #dataDir(): string {
    return this.#dirOf(this.#lives);
  }

  #dirOf(life: number): string {
    return join(this.#folder, `life-${life}`);
  }

  async #openFiles(): Promise<void> {
    const dataDir = this.#dataDir;
    this.database = openDatabase(dataDir);
    // The disk's flush is not what is tested here.
    this.database.client.pragma("synchronous = OFF");
    this.store = await openEmbeddedStore({ dataDir, clock: () => this.nowMs });
  }

  /** A new process. */
  begin(): void {
    this.life = beginLife({
      database: this.database,
      store: this.store,
      gate: this.#gate,
      clock: () => this.nowMs,
      isLost: (job) => this.lost.has(job),
      underWay: () => this.underWay,
      onDeath: () => {
        if (this.death === "with-its-store") this.#snapshot();
      },
    });
  }

  /** What `kill -9` leaves: the files as they are now. */
  #snapshot(): void {
    const to = this.#dirOf(this.#lives + 1);
    mkdirSync(to);
    for (const name of ["catalog.db", "catalog.db-wal", "store.db", "store.db-wal"])
      if (existsSync(join(this.#dataDir, name)))
        copyFileSync(join(this.#dataDir, name), join(to, name));
  }
}

/** What a store tells of is flushed to the disk first; in memory, where there is such a folder, that takes no time. */
function quickFolder(): string {
  const memory = "/dev/shm";
  return existsSync(memory) ? memory : tmpdir();
}
