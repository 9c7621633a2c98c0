import { GridError } from "../../protocol/errors.ts";
import { creditsOf, formatCredits } from "../../protocol/money.ts";
import type { Ledger, Transfer } from "../ledger/port.ts";
import type { NewPayment, PaymentRow, PaymentRows } from "./rows.ts";

export interface HoldsOptions {
  rows: PaymentRows;
  ledger: Ledger;
  /** All or nothing; a savepoint within another. */
  transaction: <T>(work: () => T) => T;
  clock: () => number;
}

export const walletOf = (account: string) => `wallet:${account}`;
export const holdOf = (job: string) => `job:${job}`;
export const platform = "platform";

/** Credits set aside for jobs: from the owner's wallet at submit and by top-ups, what is left back to it at the end. */
export class Holds {
  readonly #options: HoldsOptions;

  constructor(options: HoldsOptions) {
    this.#options = options;
  }

  /**
   * Sets a job's budget aside. To be called in the transaction that makes the job, and not for one that is there.
   * @throws GridError insufficient-credits
   */
  open(payment: NewPayment): void {
    const { rows, ledger, transaction } = this.#options;
    const { job, owner, budgetMicro } = payment;
    this.#require(owner, budgetMicro, "this budget");
    transaction(() => {
      const { opened } = rows.open(payment);
      ledger.apply([
        {
          id: `${idOf("hold", job, opened)}`,
          kind: "hold",
          debit: walletOf(owner),
          credit: holdOf(job),
          micro: budgetMicro,
          about: { job, function: payment.function },
        },
      ]);
    });
  }

  /** Gives back what a job holds that was never begun. */
  undo(job: string): void {
    const { rows, transaction } = this.#options;
    transaction(() => {
      const row = rows.find(job);
      if (row && row.closedAtMs === null) this.release(row);
    });
  }

  /**
   * Puts more into a job's hold, once for each `key`.
   * @throws GridError insufficient-credits, conflict (the job pays nothing, or all is paid)
   */
  topUp(job: string, key: string, micro: number): void {
    const { rows, ledger, transaction } = this.#options;
    transaction(() => {
      const row = rows.find(job);
      if (!row)
        throw new GridError("conflict", "This job costs nothing, so it holds no credits.", {
          name: job,
          hint: "It runs on its owner's own machines.",
        });
      const id = `topup:${job}:${key}`;
      if (ledger.find(id) === undefined) {
        if (row.closedAtMs !== null)
          throw new GridError("conflict", "This job has ended, and its credits were returned.", {
            name: job,
          });
        this.#require(row.owner, micro, "this top-up");
        rows.held(job, micro);
      }
      const about = { job, function: row.function };
      ledger.apply([
        { id, kind: "hold", debit: walletOf(row.owner), credit: holdOf(job), micro, about },
      ]);
    });
  }

  /**
   * For a job that has ended and owes more than it holds: takes the rest from its owner's wallet as far as that goes,
   * and then from the platform, so that who worked is paid. Part of the caller's transaction.
   */
  cover({ job, owner, opened, function: name }: PaymentRow, owedMicro: number): void {
    const { rows, ledger } = this.#options;
    const fromWallet = Math.min(ledger.balance(walletOf(owner)).available, owedMicro);
    const fromPlatform = Math.min(ledger.balance(platform).available, owedMicro - fromWallet);
    const about = { job, function: name };
    const transfers: Transfer[] = [
      {
        id: idOf("owed", job, opened),
        kind: "hold",
        debit: walletOf(owner),
        credit: holdOf(job),
        micro: fromWallet,
        about,
      },
      {
        id: idOf("cover", job, opened),
        kind: "cover",
        debit: platform,
        credit: holdOf(job),
        micro: fromPlatform,
        about,
      },
    ];
    ledger.apply(transfers.filter(({ micro }) => micro > 0));
    rows.held(job, fromWallet + fromPlatform);
  }

  /** Gives back all that a job still holds, and closes its payment. Part of the caller's transaction. */
  release({ job, owner, opened, function: name }: PaymentRow): void {
    const { rows, ledger, clock } = this.#options;
    const micro = ledger.balance(holdOf(job)).available;
    if (micro > 0)
      ledger.apply([
        {
          id: idOf("release", job, opened),
          kind: "release",
          debit: holdOf(job),
          credit: walletOf(owner),
          micro,
          about: { job, function: name },
        },
      ]);
    rows.close(job, micro, clock());
  }

  #require(owner: string, micro: number, what: string): void {
    const { available } = this.#options.ledger.balance(walletOf(owner));
    if (available >= micro) return;
    throw new GridError(
      "insufficient-credits",
      `There are ${formatCredits(available)} in the wallet, and ${what} takes ${formatCredits(micro)}.`,
      {
        available: creditsOf(available),
        needed: creditsOf(micro),
        hint: 'Take a smaller budget, earn credits by lending a machine, or run on your own machines with pool "own".',
      },
    );
  }
}

/** The first time without a number, as nearly every job has but one. */
function idOf(what: string, job: string, opened: number): string {
  return opened === 1 ? `${what}:${job}` : `${what}:${job}:${opened}`;
}
