import { afterAll, beforeAll, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { microMax } from "../../protocol/money.ts";
import type { Transfer } from "./port.ts";
import { LedgerModel } from "./testing/model.ts";
import { LedgerRig } from "./testing/rig.ts";

/** SEED=… repeats a history. */
const seedBase = Number(process.env.SEED ?? Date.now() % 1e9);
const histories = process.env.SEED ? 1 : 2_000;
const steps = 20;

let empty: LedgerRig;
beforeAll(() => {
  empty = new LedgerRig();
});
afterAll(() => empty.end());

test(`${histories} random histories agree with the model at each step (from seed ${seedBase})`, {
  timeout: 300_000,
}, async () => {
  for (let i = 0; i < histories; i++) {
    const history = new RandomHistory(seedBase + i, empty.dataDir);
    try {
      for (let step = 0; step < steps; step++) await history.step();
      history.compareHistories();
    } catch (error) {
      throw new Error(`SEED=${seedBase + i}: ${history.told.join("\n  ")}`, { cause: error });
    } finally {
      history.rig.end();
    }
  }
});

const wallets = ["wallet:a", "wallet:b", "wallet:c"];
const jobs = ["job:1", "job:2"];
const accounts = ["mint", "platform", "paid", ...wallets, ...jobs, "wallet:new"];

class RandomHistory {
  readonly rig: LedgerRig;
  readonly model = new LedgerModel();
  readonly told: string[] = [];
  readonly #random: (below: number) => number;
  readonly #batches: Transfer[][] = [];
  #ids = 0;

  constructor(seed: number, from: string) {
    this.#random = randomOf(seed);
    this.rig = new LedgerRig(from);
    this.#relax();
  }

  async step(): Promise<void> {
    const moves = [
      () => this.#apply(this.#grant()),
      () => this.#apply(this.#move("hold", this.#pick(wallets), this.#pick(jobs))),
      () => this.#apply(this.#settlement()),
      () => this.#apply(this.#move("release", this.#pick(jobs), this.#pick(wallets))),
      () => this.#apply(this.#payout()),
      () => this.#endPending(),
      () => this.#endPending(),
      () => this.#expire(),
      () => this.#replay(),
      () => this.#conflict(),
      () => this.#overdraw(),
      () => this.#submitTogether(),
      () => (this.#random(3) === 0 ? this.#crash() : this.#crashWithin()),
    ];
    this.rig.nowMs += this.#random(40) === 0 ? -this.#random(5_000) : this.#random(300);
    await this.#pick(moves)();
    this.#compare();
  }

  #grant(): Transfer[] {
    return this.#move("grant", "mint", this.#pick([...wallets, ...wallets, "platform"]));
  }

  #settlement(): Transfer[] {
    const job = this.#pick(jobs);
    const to = () => this.#pick(wallets);
    const batch = [
      ...this.#move("work", job, to()),
      ...this.#move("royalty", job, to()),
      ...this.#move("fee", job, "platform"),
    ];
    return batch.slice(0, 1 + this.#random(3));
  }

  #payout(): Transfer[] {
    const wallet = this.#pick(wallets);
    const [transfer] = this.#move("payout", wallet, wallet.replace("wallet", "payout"));
    return [{ ...transfer!, pendingUntilMs: this.rig.nowMs - 100 + this.#random(2_000) }];
  }

  #move(kind: Transfer["kind"], debit: string, credit: string): Transfer[] {
    const id = `t${this.#ids++}`;
    const about = this.#random(2) === 0 ? { about: { job: "1", fuel: this.#random(1e6) } } : {};
    const largest = kind === "grant" && this.#random(30) === 0 ? microMax : 1_000;
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
    const debit = this.#pick([...wallets, ...jobs]);
    const { available } = this.model.balance(debit);
    if (available >= microMax) return;
    const [first] = this.#grant();
    const [second] = this.#move("hold", debit, "job:9");
    this.#apply([first!, { ...second!, micro: available + 1 + this.#random(2) * 2_000 }]);
  }

  #endPending(): void {
    const ids = [...this.model.transfers.values()]
      .filter(({ transfer }) => transfer.pendingUntilMs !== undefined)
      .map(({ transfer }) => transfer.id);
    const id = this.#random(10) === 0 || ids.length === 0 ? "t0" : this.#pick(ids);
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
        : this.#move("hold", this.#pick(wallets), this.#pick(jobs)),
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
    outcomeOf(() => ledger.apply(this.#move("grant", "mint", "wallet:new")));
    if (this.#random(3) > 0) database.client.exec("ROLLBACK");
    else this.#crash();
  }

  #both<T>(what: string, real: () => T, model: () => T): void {
    this.told.push(what);
    expect(outcomeOf(real)).toEqual(outcomeOf(model));
  }

  #compare(): void {
    const { ledger } = this.rig;
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
    for (const account of ["mint", "platform", ...wallets, ...jobs]) {
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
    for (const [id, { transfer, state, postedMicro }] of this.model.transfers)
      expect(ledger.find(id)).toMatchObject({ micro: transfer.micro, state, postedMicro });
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
