import { afterAll, beforeAll, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { microMax } from "../../protocol/money.ts";
import type { Transfer } from "./port.ts";
import { LedgerModel } from "./testing/model.ts";
import { LedgerRig } from "./testing/rig.ts";

/** SEED=… repeats the histories of one file. */
const seedBase = Number(process.env.SEED ?? Date.now() % 1e9);
const files = process.env.SEED ? 1 : 50;
/** One after the other in one file, each with wallets and jobs of its own: opening files takes most of the time. */
const historiesPerFile = 10;
const steps = 12;

let empty: LedgerRig;
beforeAll(() => {
  empty = new LedgerRig();
});
afterAll(() => empty.end());

test(`${files * historiesPerFile} random histories agree with the model at each step (from seed ${seedBase})`, {
  timeout: 300_000,
}, async () => {
  for (let file = 0; file < files; file++) {
    const random = randomOf(seedBase + file);
    const rig = new LedgerRig(empty.dataDir);
    const model = new LedgerModel();
    for (let i = 0; i < historiesPerFile; i++) {
      const history = new RandomHistory({ random, rig, model, name: `h${i}` });
      try {
        for (let step = 0; step < steps; step++) await history.step();
        history.compareHistories();
        if (i === historiesPerFile - 1) history.compareTransfers();
      } catch (error) {
        const told = history.told.join("\n  ");
        throw new Error(`SEED=${seedBase + file}, history ${i}:\n  ${told}`, { cause: error });
      }
    }
    rig.end();
  }
});

interface HistoryOptions {
  random: (below: number) => number;
  rig: LedgerRig;
  model: LedgerModel;
  /** Begins its ids and ends its accounts' names. */
  name: string;
}

class RandomHistory {
  readonly rig: LedgerRig;
  readonly model: LedgerModel;
  readonly told: string[] = [];
  readonly #name: string;
  readonly #wallets: string[];
  readonly #jobs: string[];
  readonly #random: (below: number) => number;
  readonly #batches: Transfer[][] = [];
  #ids = 0;

  constructor({ random, rig, model, name }: HistoryOptions) {
    this.rig = rig;
    this.model = model;
    this.#random = random;
    this.#name = name;
    this.#wallets = ["a", "b", "c"].map((wallet) => `wallet:${wallet}-${name}`);
    this.#jobs = ["1", "2"].map((job) => `job:${job}-${name}`);
    this.#relax();
  }

  async step(): Promise<void> {
    const moves = [
      () => this.#apply(this.#grant()),
      () => this.#apply(this.#move("hold", this.#pick(this.#wallets), this.#pick(this.#jobs))),
      () => this.#apply(this.#settlement()),
      () => this.#apply(this.#move("release", this.#pick(this.#jobs), this.#pick(this.#wallets))),
      () => this.#apply(this.#payout()),
      () => this.#endPending(),
      () => this.#endPending(),
      () => this.#expire(),
      () => this.#replay(),
      () => this.#conflict(),
      () => this.#overdraw(),
      () => this.#submitTogether(),
      () => (this.#random(9) === 0 ? this.#crash() : this.#crashWithin()),
    ];
    this.rig.nowMs += this.#random(40) === 0 ? -this.#random(5_000) : this.#random(300);
    await this.#pick(moves)();
    this.#compare();
  }

  #grant(): Transfer[] {
    return this.#move(
      "grant",
      "mint",
      this.#pick([...this.#wallets, ...this.#wallets, "platform"]),
    );
  }

  #settlement(): Transfer[] {
    const job = this.#pick(this.#jobs);
    const to = () => this.#pick(this.#wallets);
    const batch = [
      ...this.#move("work", job, to()),
      ...this.#move("royalty", job, to()),
      ...this.#move("fee", job, "platform"),
    ];
    return batch.slice(0, 1 + this.#random(3));
  }

  #payout(): Transfer[] {
    const wallet = this.#pick(this.#wallets);
    const [transfer] = this.#move("payout", wallet, wallet.replace("wallet", "payout"));
    return [{ ...transfer!, pendingUntilMs: this.rig.nowMs - 100 + this.#random(2_000) }];
  }

  #move(kind: Transfer["kind"], debit: string, credit: string): Transfer[] {
    const id = `${this.#name}-${this.#ids++}`;
    const about = this.#random(2) === 0 ? { about: { job: "1", fuel: this.#random(1e6) } } : {};
    const largest = kind === "grant" && this.#random(300) === 0 ? microMax : 1_000;
    return [{ id, kind, debit, credit, micro: 1 + this.#random(largest), ...about }];
  }

  #apply(batch: Transfer[]): void {
    this.#batches.push(batch);
    this.#both(
      `apply ${JSON.stringify(batch)}`,
      () => this.rig.ledger.apply(batch),
      () => this.model.apply(batch, this.rig.nowMs),
    );
  }

  #replay(): void {
    if (this.#batches.length > 0) this.#apply(this.#pick(this.#batches));
  }

  #conflict(): void {
    if (this.#batches.length === 0) return;
    const batch = this.#pick(this.#batches).map((transfer) => ({ ...transfer }));
    const one = this.#pick(batch);
    const changes = [
      () => (one.micro += 1),
      () => (one.credit = "paid"),
      () => (one.about = { job: "other" }),
      () => (one.kind = "call"),
      () => (one.pendingUntilMs = (one.pendingUntilMs ?? this.rig.nowMs) + 10_000),
    ];
    this.#pick(changes)();
    this.#apply(batch);
  }

  #overdraw(): void {
    const debit = this.#pick([...this.#wallets, ...this.#jobs]);
    const { available } = this.model.balance(debit);
    if (available >= microMax) return;
    const [first] = this.#grant();
    const [second] = this.#move("hold", debit, `job:9-${this.#name}`);
    this.#apply([first!, { ...second!, micro: available + 1 + this.#random(2) * 2_000 }]);
  }

  #endPending(): void {
    const ids = [...this.model.transfers.values()]
      .filter(({ transfer }) => transfer.pendingUntilMs !== undefined)
      .map(({ transfer }) => transfer.id);
    const id = this.#random(10) === 0 || ids.length === 0 ? `${this.#name}-0` : this.#pick(ids);
    const { rig, model } = this;
    if (this.#random(2) === 0) {
      this.#both(
        `void ${id}`,
        () => rig.ledger.void(id),
        () => model.void(id),
      );
      return;
    }
    const micro = this.#random(2) === 0 ? undefined : this.#random(1_200);
    this.#both(
      `post ${id} ${micro}`,
      () => rig.ledger.post(id, micro),
      () => model.post(id, micro, rig.nowMs),
    );
  }

  #expire(): void {
    const { rig, model } = this;
    this.#both(
      `expire ${rig.nowMs}`,
      () => rig.ledger.expire(rig.nowMs),
      () => model.expire(rig.nowMs),
    );
  }

  async #submitTogether(): Promise<void> {
    const batches = Array.from({ length: 4 }, () =>
      this.#random(3) === 0
        ? this.#settlement()
        : this.#move("hold", this.#pick(this.#wallets), this.#pick(this.#jobs)),
    );
    const all = Promise.allSettled(batches.map((batch) => this.rig.ledger.submit(batch)));
    const expected = batches.map((batch) =>
      outcomeOf(() => this.model.apply(batch, this.rig.nowMs)),
    );
    this.told.push(`submit ${JSON.stringify(batches)}`);
    const outcomes = (await all).map((settled) =>
      settled.status === "fulfilled" ? settled.value : codeOf(settled.reason),
    );
    expect(outcomes).toEqual(expected);
    this.#batches.push(...batches);
  }

  #crash(): void {
    this.told.push("crash");
    this.rig.crash();
    this.#relax();
  }

  /** The process dies before a transaction is committed: nothing of it has happened. */
  #crashWithin(): void {
    const batch = this.#grant();
    this.told.push(`crash within ${JSON.stringify(batch)}`);
    const { ledger, database } = this.rig;
    database.client.exec("BEGIN");
    outcomeOf(() => ledger.apply(batch));
    outcomeOf(() => ledger.apply(this.#move("grant", "mint", `wallet:new-${this.#name}`)));
    if (this.#random(9) > 0) database.client.exec("ROLLBACK");
    else this.#crash();
  }

  #both<T>(what: string, real: () => T, model: () => T): void {
    this.told.push(what);
    expect(outcomeOf(real)).toEqual(outcomeOf(model));
  }

  #compare(): void {
    const { ledger } = this.rig;
    const accounts = this.#accounts();
    expect(accounts.map((account) => [account, ledger.balance(account)])).toEqual(
      accounts.map((account) => [account, this.model.balance(account)]),
    );
    const report = ledger.verify();
    expect(report.violation).toBeUndefined();
    const { available, pendingOut } = this.model.balance("mint");
    expect(report.minted).toBe(0 - available - pendingOut);
  }

  compareHistories(): void {
    const { ledger } = this.rig;
    for (const account of this.#accounts().filter((name) => name !== "mint")) {
      const ids: string[] = [];
      let before: number | undefined;
      do {
        const page = ledger.historyPage({
          account,
          limit: 1 + this.#random(5),
          ...(before === undefined ? {} : { before }),
        });
        ids.push(...page.entries.map(({ id }) => id));
        before = page.next;
      } while (before !== undefined);
      expect(ids).toEqual(this.model.history(account));
    }
  }

  compareTransfers(): void {
    const found = [...this.model.transfers.keys()].map((id) => this.rig.ledger.find(id));
    const expected = [...this.model.transfers].map(([id, { transfer, state, postedMicro }]) =>
      expect.objectContaining({ id, micro: transfer.micro, state, postedMicro }),
    );
    expect(found).toEqual(expected);
  }

  #accounts(): string[] {
    return [
      "mint",
      "platform",
      "paid",
      ...this.#wallets,
      ...this.#jobs,
      `wallet:new-${this.#name}`,
    ];
  }

  /** The disk's flush is not what is tested here, and thousands of them take minutes. */
  #relax(): void {
    this.rig.database.client.pragma("synchronous = OFF");
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)]!;
  }
}

function outcomeOf<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof GridError) return error.code;
  throw error;
}

/** mulberry32 */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
