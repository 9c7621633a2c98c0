import type { LedgerReport as ReportView, WalletEntry } from "../../protocol/http-ledger.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { HistoryEntry, LedgerAccount, LedgerReport } from "./port.ts";

/** How an entry looks from one of its two sides. */
export function entryView(
  entry: HistoryEntry,
  from: LedgerAccount,
  handleOf: (account: string) => string,
): WalletEntry {
  const { id, number, kind, debit, credit, micro, postedMicro, about, state, atMs } = entry;
  const direction = credit === from ? "in" : "out";
  const other = direction === "in" ? debit : credit;
  const text = (name: string) => (about[name] === undefined ? {} : { [name]: String(about[name]) });
  const figure = (name: string) => (typeof about[name] === "number" ? { [name]: about[name] } : {});
  return {
    id,
    number,
    at: new Date(atMs).toISOString(),
    kind,
    direction,
    amount: creditsOf(micro),
    moved: creditsOf(postedMicro),
    state,
    otherSide: nameOf(other, handleOf),
    ...text("job"),
    ...text("function"),
    // How an account calls its machines is its own affair.
    ...(direction === "in" && from.startsWith("wallet:") ? text("runner") : {}),
    ...figure("fuel"),
    ...figure("calls"),
    ...text("campaign"),
    ...text("payout"),
    ...text("note"),
  };
}

function nameOf(account: LedgerAccount, handleOf: (account: string) => string): string {
  const at = account.indexOf(":");
  const id = account.slice(at + 1);
  switch (at < 0 ? account : account.slice(0, at)) {
    case "mint":
      return "the mint";
    case "platform":
      return "the platform";
    case "paid":
      return "paid out";
    case "wallet":
      return handleOf(id);
    case "payout":
      return `payout of ${handleOf(id)}`;
    default:
      return account.replace(":", " ");
  }
}

export function reportView(report: LedgerReport, nowMs: number): ReportView {
  const { transfers, accounts, pending, violation } = report;
  return {
    verifiedAt: new Date(nowMs).toISOString(),
    transfers,
    accounts,
    minted: creditsOf(report.minted),
    inWallets: creditsOf(report.inWallets),
    inHolds: creditsOf(report.inHolds),
    inPayouts: creditsOf(report.inPayouts),
    paid: creditsOf(report.paid),
    platform: creditsOf(report.platform),
    elsewhere: creditsOf(report.elsewhere),
    pending,
    pendingAmount: creditsOf(report.pendingMicro),
    holds: violation === undefined,
    ...(violation === undefined ? {} : { violation }),
  };
}
