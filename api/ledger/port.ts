import type { ErrorBody } from "../../protocol/errors.ts";

/**
 * The double-entry ledger. Amounts are whole microcredits (protocol/money.ts), transfers are append-only, and every
 * promise below is kept by the database itself (constraints and triggers), not by this code alone: no account but the
 * mint goes below zero, an id is used once, the sum of all accounts is zero.
 *
 * Accounts of the ledger are named, and made by the first transfer that names them:
 *   mint               where credits come from (sign-up grants, the operator's grants); the only one that may be negative
 *   platform           fees; what rounding leaves over
 *   wallet:ACCOUNT     what a member can spend
 *   job:JOB            the hold of a job: filled at submit and by top-ups, emptied by settlement and release
 *   campaign:CAMPAIGN  a sponsor's budget
 *   payout:ACCOUNT     credits on their way out
 *   paid               credits that were exchanged for money
 */
export type LedgerAccount = string;

/** Why credits moved; the wallet's history is read by it. */
export type TransferKind =
  | "grant"
  | "hold"
  | "release"
  | "work"
  | "royalty"
  | "fee"
  | "cover"
  | "call"
  | "fund"
  | "view"
  | "payout";

export interface Transfer {
  /** Chosen by the caller, once and for ever: the same id again changes nothing. At most 200 characters. */
  id: string;
  kind: TransferKind;
  debit: LedgerAccount;
  credit: LedgerAccount;
  /** More than 0, at most microMax. */
  micro: number;
  /** What it was for: ids of job, runner, function version, campaign …, and fuel. Flat, small. */
  about?: Readonly<Record<string, string | number>>;
  /**
   * Two-phase: the amount is set aside on the debit account and not yet the credit account's. Ends by `post` (all or a
   * part; the rest returns), `void`, or by itself at this time (ms since the epoch).
   */
  pendingUntilMs?: number;
}

/** - created; - exists: this very transfer was there before, nothing changed */
export type Applied = "created" | "exists";

export interface Balance {
  /** What is there and not set aside. */
  available: number;
  /** Set aside by pending transfers from this account. */
  pendingOut: number;
  /** On its way here. */
  pendingIn: number;
}

export interface HistoryEntry {
  id: string;
  kind: TransferKind;
  debit: LedgerAccount;
  credit: LedgerAccount;
  micro: number;
  about: Readonly<Record<string, string | number>>;
  state: "posted" | "pending" | "voided" | "expired";
  /** Position in the ledger: histories page by it. */
  number: number;
  atMs: number;
}

export interface HistoryFilter {
  account: LedgerAccount;
  /** Entries before this number; newest first. */
  before?: number;
  limit: number;
  kinds?: readonly TransferKind[];
  fromMs?: number;
  toMs?: number;
}

export interface Ledger {
  /**
   * All of these, or none. Runs in the caller's database transaction when there is one, else in its own.
   * @throws GridError insufficient-credits (details.name: the account), transfer-conflict (an id with other content),
   *   bad-request (no amount, an account to itself)
   */
  apply(transfers: readonly Transfer[]): Applied[];
  /**
   * The same, in a transaction shared with all that is submitted at about the same time (group commit): one flush of
   * the disk for many. One batch that fails does not fail the others. Durable when it resolves.
   */
  submit(transfers: readonly Transfer[]): Promise<Applied[]>;
  /** Posts a pending transfer, or a part of it. @throws GridError not-found, conflict (voided, expired, other part) */
  post(id: string, micro?: number): Applied;
  /** @throws GridError not-found, conflict (it was posted) */
  void(id: string): Applied;
  /** Ends pending transfers whose time has come. Returns how many. */
  expire(nowMs: number): number;
  balance(account: LedgerAccount): Balance;
  find(id: string): HistoryEntry | undefined;
  history(filter: HistoryFilter): HistoryEntry[];
  /** Replays every transfer from nothing and compares. */
  verify(): LedgerReport;
}

export interface LedgerReport {
  transfers: number;
  accounts: number;
  /** Microcredits that the mint has given out. */
  minted: number;
  /** Microcredits in wallets, and in holds. */
  inWallets: number;
  inHolds: number;
  /** The first thing that is wrong, with the rows that show it. */
  violation?: ErrorBody;
}
