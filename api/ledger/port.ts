import type SQLite from "better-sqlite3";
import type { TransferKind } from "../../protocol/http-ledger.ts";

export type { TransferKind };

/**
 * The double-entry ledger. Amounts are whole microcredits (protocol/money.ts), transfers are append-only, and every
 * promise below is kept by the database itself (constraints and triggers), not by this code alone: no account but the
 * mint goes below zero, an id is used once, the sum of all accounts is zero, balances are what transfers made them.
 *
 * Accounts of the ledger are named, and made by the first transfer that names them:
 *   mint               where credits come from (sign-up grants, the operator's grants); the only one that may be negative
 *   platform           fees; what rounding leaves over
 *   wallet:ACCOUNT     what a member can spend
 *   job:JOB            the hold of a job: filled at submit and by top-ups, emptied by settlement and release
 *   campaign:CAMPAIGN  a sponsor's budget
 *   payout:ACCOUNT     credits on their way out
 *   paid               credits that were exchanged for money
 *
 * A transfer moves credits at once, or in two phases:
 *
 *   pending --post (all or a part; the rest returns)--> posted
 *      |------void-----------------------------------> voided
 *      `------expire (its time has come)-------------> expired
 */
export type LedgerAccount = string;

/** What a row of the ledger does. */
export type Phase = "single" | "pending" | "post" | "void" | "expire";

export type About = Readonly<Record<string, string | number>>;

export interface Transfer {
  /** Chosen by the caller, once and for ever: the same id again changes nothing. At most 200 characters. */
  id: string;
  kind: TransferKind;
  debit: LedgerAccount;
  credit: LedgerAccount;
  /** More than 0, at most microMax. */
  micro: number;
  /** What it was for: ids of job, runner, function version, campaign …, and fuel. Flat, at most aboutCharsMax as JSON. */
  about?: About;
  /**
   * Two-phase: the amount is set aside on the debit account and not yet the credit account's. Ends by `post`, `void`, or
   * by itself at this time (ms since the epoch). It is part of the content: a repeat gives the same time.
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
  /** What was asked for. */
  micro: number;
  /** What has moved: all of it, a part (a pending transfer that was posted in part), or nothing. */
  postedMicro: number;
  about: About;
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
  /** At or after this time, and before that one. */
  fromMs?: number;
  toMs?: number;
}

export interface HistoryPage {
  entries: HistoryEntry[];
  /**
   * `before` of the next page; undefined at the end. A page may have fewer entries than its limit and still have a next:
   * a filter that fits little looks at scanMax entries at a time.
   */
  next: number | undefined;
}

export interface VerifyOptions {
  /** Makes of the snapshot that is verified: whether all payments of an account have been made, so that it is empty. */
  settledIn?: (snapshot: SQLite.Database) => (account: LedgerAccount) => boolean;
}

export interface Ledger {
  /**
   * All of these, or none, in this order. Runs in the caller's database transaction when there is one, else in its own.
   * @throws GridError insufficient-credits (details.name: the account), transfer-conflict (an id with other content),
   *   bad-request (no amount, an account to itself), disk-full, store-unavailable
   */
  apply(transfers: readonly Transfer[]): Applied[];
  /**
   * The same, in a transaction shared with all that is submitted at about the same time (group commit): one flush of
   * the disk for many. One batch that fails does not fail the others. Durable when it resolves.
   * @throws GridError as `apply`; queue-full when too much waits, shutting-down after `close`
   */
  submit(transfers: readonly Transfer[]): Promise<Applied[]>;
  /** Posts a pending transfer, or a part of it. @throws GridError not-found, conflict (voided, expired, other part) */
  post(id: string, micro?: number): Applied;
  /** Sets it free; "exists" when it was voided or expired before. @throws GridError not-found, conflict (it was posted) */
  void(id: string): Applied;
  /** Ends pending transfers whose time has come, the first expireMax of them. Returns how many. */
  expire(nowMs: number): number;
  balance(account: LedgerAccount): Balance;
  find(id: string): HistoryEntry | undefined;
  /** The first page of a history, or the one before a number. */
  history(filter: HistoryFilter): HistoryEntry[];
  historyPage(filter: HistoryFilter): HistoryPage;
  /** Replays every transfer from nothing and compares. Blocks while it does. */
  verify(options?: VerifyOptions): LedgerReport;
  /** The same on a snapshot, in short steps between which everything else goes on. */
  verifyAside(options?: VerifyOptions): Promise<LedgerReport>;
  /** Writes what was submitted and takes no more. */
  close(): void;
}

export interface LedgerReport {
  /** Rows: transfers and ends of pending ones. */
  transfers: number;
  accounts: number;
  /** Microcredits that the mint has given out; the sum of all that follow. */
  minted: number;
  inWallets: number;
  /** In holds of jobs and campaigns. */
  inHolds: number;
  inPayouts: number;
  /** Exchanged for money. */
  paid: number;
  platform: number;
  /** In accounts of other names. */
  elsewhere: number;
  /** Pending transfers, and what they set aside (part of the above). */
  pending: number;
  pendingMicro: number;
  /** The first thing that is wrong. */
  violation?: Violation;
}

export interface Violation {
  rule: LedgerRule;
  message: string;
  /** What shows it: rows as the database has them, and what they should be. */
  rows: Record<string, string | number | null>[];
}

export type LedgerRule =
  | "guards-in-place"
  | "numbered-without-gaps"
  | "well-formed"
  | "id-once"
  | "known-accounts"
  | "chained"
  | "ends-once"
  | "not-below-zero"
  | "balances-follow"
  | "pending-follows"
  | "sum-zero"
  | "holds-empty";

/** Bounds of the ledger, of this process alone. */
export const transfersPerBatchMax = 10_000;
/** Transfers that wait for the next flush; about a second of them. */
export const transfersQueuedMax = 50_000;
export const aboutCharsMax = 2_000;
export const expireMax = 1_000;
/** Entries that one page of a history looks at. */
export const scanMax = 20_000;
