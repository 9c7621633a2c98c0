import type SQLite from "better-sqlite3";
import type { LedgerAccount } from "./port.ts";

/** What is set aside for an account's jobs and campaigns, in microcredits. */
export interface Holdings {
  forJobs(account: string): number;
  forCampaigns(account: string): number;
}

const sumOf = "SELECT coalesce(sum(posted_micro - pending_out_micro), 0)";
const balances = "JOIN ledger_balances ON ledger_balances.account = ledger_accounts.id";

/** The ledger says how much; whose a hold is, the tables of jobs' payments and of campaigns say. */
export function createHoldings(client: SQLite.Database): Holdings {
  const jobs = client
    .prepare<[string], number>(
      `${sumOf} FROM job_payments JOIN ledger_accounts ON name = 'job:' || job ${balances}
       WHERE owner = ? AND closed_at_ms IS NULL`,
    )
    .pluck();
  const campaigns = client
    .prepare<[string], number>(
      `${sumOf} FROM campaigns JOIN ledger_accounts ON name = 'campaign:' || campaigns.id ${balances}
       WHERE sponsor = ? AND settled = 0`,
    )
    .pluck();
  return {
    forJobs: (account) => jobs.get(account)!,
    forCampaigns: (account) => campaigns.get(account)!,
  };
}

/**
 * Whether a hold must be empty: that of a job or a campaign which is settled, or of which nothing is known any more.
 * As the snapshot has it, because the next moment another may be settled.
 */
export function settledIn(snapshot: SQLite.Database): (account: LedgerAccount) => boolean {
  const openJob = snapshot
    .prepare<[string], 1>("SELECT 1 FROM job_payments WHERE job = ? AND closed_at_ms IS NULL")
    .pluck();
  const openCampaign = snapshot
    .prepare<[string], 1>("SELECT 1 FROM campaigns WHERE id = ? AND settled = 0")
    .pluck();
  return (account) => {
    const [kind, id] = account.split(":");
    if (kind === "job") return openJob.get(id!) === undefined;
    if (kind === "campaign") return openCampaign.get(id!) === undefined;
    return false;
  };
}
