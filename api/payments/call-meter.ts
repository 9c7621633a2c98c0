import { LRUCache } from "lru-cache";
import { GridError } from "../../protocol/errors.ts";
import { creditsOf, formatCredits } from "../../protocol/money.ts";
import type { Ledger } from "../ledger/port.ts";
import { CallCharges, type CallTerms, type Charge, postedOf } from "./call-charges.ts";
import { CallJournal, type CallSum, readLeftCalls, removeLeftCalls } from "./call-journal.ts";
import { walletOf } from "./holds.ts";
import { costOf } from "./split.ts";

/** Charges are posted so often, those of the same caller, earner and version as one. */
const postEveryMs = 250;
/** A caller's balance is read from the ledger at most so often. */
const balanceKnownMs = 250;
const callersCached = 10_000;
const versionsCached = 5_000;
/** What a version's calls are expected to take follows its dearest ones, and forgets them slowly. */
const expectedDecay = 0.98;

export interface CallMeterOptions {
  ledger: Ledger;
  /** Made of what differs between any two runs of any process. */
  run: string;
  clock: () => number;
  log: { warn(fields: object, text: string): void };
  /** Where the process keeps its data: there it finds what one that was killed had not posted. */
  dataDir?: string;
  /** An earner was paid for calls. */
  onPaid?: (earner: string, workMicro: number) => void;
}

interface Caller {
  availableMicro: number;
  readAtMs: number;
  /** Charged and not posted. */
  unpostedMicro: number;
  /** Expected of calls that are under way. */
  reservedMicro: number;
}

interface Called extends CallTerms {
  expectedFuel: number;
  expectedMicro: number;
}

/** A call that was let through; `end` frees what was reserved for it. */
export interface Admission {
  end(): void;
}

/**
 * What direct calls cost. Nothing on their path touches the disk: whether a caller can pay is decided in memory, charges
 * are added up and posted together, and noted in a file for the case that the process is killed before (call-journal.ts).
 */
export class CallMeter {
  readonly #options: CallMeterOptions;
  readonly #charges: CallCharges;
  readonly #journal: CallJournal | undefined;
  readonly #callers = new LRUCache<string, Caller>({ max: callersCached });
  readonly #called = new LRUCache<string, Called>({ max: versionsCached });
  readonly #timer: NodeJS.Timeout;
  #posting: Promise<void> | undefined;

  constructor(options: CallMeterOptions) {
    this.#options = options;
    const { dataDir, run, log } = options;
    this.#journal = dataDir === undefined ? undefined : new CallJournal({ dataDir, run, log });
    this.#charges = new CallCharges(run, this.#journal);
    if (dataDir !== undefined) this.#resume(dataDir);
    this.#timer = setInterval(() => void this.post(), postEveryMs);
    this.#timer.unref();
  }

  /**
   * @param key function and version
   * @param terms those that the call is charged by; from its first call on, until they change
   * @throws GridError insufficient-credits
   */
  admit(account: string, key: string, terms: CallTerms): Admission {
    const caller = this.#caller(account);
    const { expectedMicro } = this.#version(key, terms);
    const free = caller.availableMicro - caller.unpostedMicro - caller.reservedMicro;
    if (free < Math.max(expectedMicro, 1)) throw this.#cannotPay(caller, expectedMicro);
    caller.reservedMicro += expectedMicro;
    return {
      end: () => {
        caller.reservedMicro -= expectedMicro;
      },
    };
  }

  /** A call was answered. @param earner whose machine did, as protocol/earner.ts writes it */
  charge(account: string, key: string, earner: string, fuel: number): void {
    const called = this.#called.get(key);
    // Its terms were forgotten under thousands of other versions' calls while it ran.
    if (!called) return;
    const expectedFuel = Math.max(fuel, Math.floor(called.expectedFuel * expectedDecay));
    if (expectedFuel !== called.expectedFuel) {
      called.expectedFuel = expectedFuel;
      called.expectedMicro = costOf(expectedFuel, called);
    }
    const costMicro = this.#charges.add({ caller: account, earner, key }, called, fuel);
    this.#caller(account).unpostedMicro += costMicro;
  }

  /** What a wallet has, as the ledger says, less what calls have cost that it does not know of. */
  unposted(account: string): number {
    return this.#callers.peek(account)?.unpostedMicro ?? 0;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.post();
    await this.post();
    const unpaid = this.#charges.callers();
    this.#journal?.close(this.#charges.open());
    if (unpaid.length > 0)
      this.#options.log.warn({ accounts: unpaid.length }, "calls stay unpaid: credits ran out");
  }

  /** Posts what there is; joins a posting that is under way. */
  post(): Promise<void> {
    this.#posting ??= this.#postAll()
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, "calls could not be charged"),
      )
      .finally(() => {
        this.#posting = undefined;
      });
    return this.#posting;
  }

  async #postAll(): Promise<void> {
    const { ledger } = this.#options;
    // What the ledger has must be known to whoever reads the journal.
    this.#journal?.flush();
    const posts = this.#charges.callers().map(async (account) => {
      const caller = this.#caller(account);
      const { available } = ledger.balance(walletOf(account));
      caller.availableMicro = available;
      const charges = this.#charges.fitting(account, available);
      if (charges.length > 0) await this.#postSome(account, caller, charges);
    });
    await Promise.all(posts);
    this.#journal?.posted(() => this.#charges.open());
  }

  /** What the last process had not posted, or not heard that it was, is posted here. */
  #resume(dataDir: string): void {
    const { ledger, run } = this.#options;
    const left = readLeftCalls(dataDir, run);
    const sums = new Map<string, CallSum>();
    // A process that died while it took over what another had left has the same once more.
    for (const sum of left.flatMap((file) => file.sums)) {
      const posted = postedOf(sum, (transfer) => ledger.find(transfer) !== undefined);
      const other = sums.get(sum.id);
      if (!other || other.fuel <= posted.fuel) sums.set(sum.id, posted);
    }
    this.#charges.resume([...sums.values()]);
    if (left.length === 0) return;
    this.#journal!.keep(this.#charges.open());
    removeLeftCalls(left);
    for (const caller of this.#charges.callers()) this.#caller(caller);
  }

  async #postSome(account: string, caller: Caller, charges: readonly Charge[]): Promise<void> {
    const { ledger, log, onPaid } = this.#options;
    try {
      await ledger.submit(charges.flatMap(({ transfers }) => transfers));
      const postedMicro = charges.reduce((sum, { costMicro }) => sum + costMicro, 0);
      this.#charges.posted(charges);
      for (const { sum, workMicro } of charges) onPaid?.(sum.earner, workMicro);
      caller.unpostedMicro -= postedMicro;
      caller.availableMicro -= postedMicro;
    } catch (error) {
      // They keep their ids, so that a charge whose answer was lost is not made twice.
      log.warn({ err: error, account, charges: charges.length }, "calls could not be charged");
    }
  }

  #caller(account: string): Caller {
    const { ledger, clock } = this.#options;
    const nowMs = clock();
    let caller = this.#callers.get(account);
    if (!caller) {
      const unpostedMicro = this.#charges.unpostedOf(account);
      caller = {
        availableMicro: 0,
        readAtMs: Number.NEGATIVE_INFINITY,
        unpostedMicro,
        reservedMicro: 0,
      };
      this.#callers.set(account, caller);
    }
    if (Math.abs(nowMs - caller.readAtMs) >= balanceKnownMs) {
      caller.availableMicro = ledger.balance(walletOf(account)).available;
      caller.readAtMs = nowMs;
    }
    return caller;
  }

  #version(key: string, terms: CallTerms): Called {
    const known = this.#called.get(key);
    if (known && known.rateMicro === terms.rateMicro) return known;
    const expectedFuel = known?.expectedFuel ?? 0;
    const called = { ...terms, expectedFuel, expectedMicro: costOf(expectedFuel, terms) };
    this.#called.set(key, called);
    return called;
  }

  #cannotPay({ availableMicro, unpostedMicro }: Caller, expectedMicro: number): GridError {
    const available = Math.max(availableMicro - unpostedMicro, 0);
    return new GridError(
      "insufficient-credits",
      `There are ${formatCredits(available)} in the wallet, and this call takes about ${formatCredits(Math.max(expectedMicro, 1))}.`,
      {
        available: creditsOf(available),
        needed: creditsOf(Math.max(expectedMicro, 1)),
        hint: "Earn credits by lending a machine, or call on your own machines.",
      },
    );
  }
}
