import { LRUCache } from "lru-cache";
import { parseEarner } from "../../protocol/earner.ts";
import type { Transfer } from "../ledger/port.ts";
import type { CallJournal, CallSum, LeftSum } from "./call-journal.ts";
import { platform, walletOf } from "./holds.ts";
import { difference, type Split, splitOf, type Terms, totalOf } from "./split.ts";

/** By what calls of a version are charged. */
export interface CallTerms extends Terms {
  /** The function's public name. */
  function: string;
  author: string;
}

export interface ChargeKey {
  caller: string;
  /** Whose machine answered (protocol/earner.ts). */
  earner: string;
  /** Function and version. */
  key: string;
}

/** What is to be posted for one caller, earner and version. */
export interface Charge {
  sum: Sum;
  /** Fuel and calls that it reaches. */
  fuel: number;
  calls: number;
  costMicro: number;
  /** The earner's part. */
  workMicro: number;
  transfers: Transfer[];
}

interface Sum extends CallSum {
  /** A charge that was handed out and not confirmed: it is repeated as it was. */
  pending?: Charge;
}

/** Sums that were posted whole and may be forgotten; what is lost with one is less than a microcredit a receiver. */
const sumsKept = 10_000;

/** Adds up what calls cost, by caller, earner and version, on cumulative fuel: small calls lose nothing to rounding. */
export class CallCharges {
  readonly #run: string;
  readonly #sums = new LRUCache<string, Sum>({ max: sumsKept });
  /** What has something to post, by caller. */
  readonly #open = new Map<string, Set<Sum>>();
  readonly #journal: CallJournal | undefined;
  #made = 0;

  constructor(run: string, journal?: CallJournal) {
    this.#run = run;
    this.#journal = journal;
  }

  /** Sums of a process that died: what of them is not posted is posted with the rest. */
  resume(sums: readonly CallSum[]): void {
    for (const { pending: _, ...sum } of sums)
      if (costOfSum(sum) > 0) this.#openOf(sum.caller).add(sum);
  }

  /** All that has something to post. */
  open(): Sum[] {
    return [...this.#open.values()].flatMap((sums) => [...sums]);
  }

  /** Returns what the call added to what its caller must pay, microcredits. */
  add(of: ChargeKey, terms: CallTerms, fuel: number): number {
    const sum = this.#sum(of, terms);
    const before = costOfSum(sum);
    this.#journal?.called(sum, fuel);
    sum.fuel += fuel;
    sum.calls++;
    this.#openOf(of.caller).add(sum);
    return costOfSum(sum) - before;
  }

  #openOf(caller: string): Set<Sum> {
    let open = this.#open.get(caller);
    if (!open) {
      open = new Set();
      this.#open.set(caller, open);
    }
    return open;
  }

  callers(): string[] {
    return [...this.#open.keys()];
  }

  /** The charges of a caller that an amount covers, oldest first. */
  fitting(caller: string, availableMicro: number): Charge[] {
    let left = availableMicro;
    const fitting: Charge[] = [];
    for (const sum of this.#open.get(caller) ?? []) {
      sum.pending ??= this.#chargeOf(sum);
      const { costMicro } = sum.pending;
      if (costMicro > left) continue;
      left -= costMicro;
      fitting.push(sum.pending);
    }
    return fitting;
  }

  /** They are in the ledger. */
  posted(charges: readonly Charge[]): void {
    for (const { sum, fuel, calls } of charges) {
      sum.postedFuel = fuel;
      sum.postedCalls = calls;
      delete sum.pending;
      if (costOfSum(sum) > 0) continue;
      const open = this.#open.get(sum.caller);
      open?.delete(sum);
      if (open?.size === 0) this.#open.delete(sum.caller);
    }
  }

  unpostedOf(caller: string): number {
    let micro = 0;
    for (const sum of this.#open.get(caller) ?? []) micro += costOfSum(sum);
    return micro;
  }

  #sum({ caller, earner, key }: ChargeKey, terms: CallTerms): Sum {
    const name = `${caller} ${earner} ${terms.rateMicro} ${key}`;
    let sum = this.#sums.get(name);
    if (!sum) {
      const id = `call:${this.#run}:${(this.#made++).toString(36)}`;
      sum = { id, caller, earner, key, terms, fuel: 0, postedFuel: 0, calls: 0, postedCalls: 0 };
      this.#sums.set(name, sum);
    }
    return sum;
  }

  #chargeOf(sum: Sum): Charge {
    const { caller, earner, terms, fuel, postedFuel, calls, postedCalls } = sum;
    const { account, runner } = parseEarner(earner);
    const { workMicro, royaltyMicro, feeMicro } = partOf(sum);
    const id = chargeId(sum.id, fuel);
    const about = { function: terms.function, calls: calls - postedCalls, fuel: fuel - postedFuel };
    const debit = walletOf(caller);
    const all: Transfer[] = [
      {
        id: `${id}:work`,
        kind: "call",
        debit,
        credit: walletOf(account),
        micro: workMicro,
        about: runner === "" ? about : { ...about, runner },
      },
      {
        id: `${id}:royalty`,
        kind: "royalty",
        debit,
        credit: walletOf(terms.author),
        micro: royaltyMicro,
        about,
      },
      { id: `${id}:fee`, kind: "fee", debit, credit: platform, micro: feeMicro, about },
    ];
    const transfers = all.filter(({ micro }) => micro > 0);
    const costMicro = workMicro + royaltyMicro + feeMicro;
    return { sum, fuel, calls, costMicro, workMicro, transfers };
  }
}

/** Names the fuel that it reaches, so that whoever knows the sum knows what was posted of it. */
function chargeId(sum: string, fuel: number): string {
  return `${sum}:${fuel.toString(36)}`;
}

/** Where a sum that a dead process left was posted to, by what the ledger has. */
export function postedOf(left: LeftSum, isPosted: (transfer: string) => boolean): CallSum {
  const { stood, ...sum } = left;
  const last = stood.findLast(
    ({ fuel }) =>
      fuel > sum.postedFuel &&
      transfersOfCharge.some((part) => isPosted(`${chargeId(sum.id, fuel)}:${part}`)),
  );
  return last ? { ...sum, postedFuel: last.fuel, postedCalls: last.calls } : sum;
}

const transfersOfCharge = ["work", "fee", "royalty"];

function costOfSum(sum: CallSum): number {
  return totalOf(partOf(sum));
}

/** Nobody pays himself: neither for work on one's own machine nor a royalty for one's own function. */
function partOf({ caller, earner, terms, fuel, postedFuel }: CallSum): Split {
  const part = difference(splitOf(fuel, terms), splitOf(postedFuel, terms));
  return {
    workMicro: caller === parseEarner(earner).account ? 0 : part.workMicro,
    royaltyMicro: caller === terms.author ? 0 : part.royaltyMicro,
    feeMicro: part.feeMicro,
  };
}
