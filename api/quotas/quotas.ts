import { and, eq, sql } from "drizzle-orm";
import { GridError } from "../../protocol/errors.ts";
import {
  type QuotaChanges,
  type QuotaName,
  type Quotas as QuotasView,
  quotaNames,
} from "../../protocol/quotas.ts";
import { accounts } from "../accounts/schema.ts";
import type { Database } from "../database/open.ts";
import { accountQuotas } from "./schema.ts";
import { createUsage } from "./usage.ts";

export interface QuotasOptions {
  database: Database;
  /** What an account has of whom nothing else was said. */
  defaults: Readonly<Record<QuotaName, number>>;
  /** Runners of an account that are connected. */
  runnersOf: (account: string) => number;
}

/**
 * How much each account may have, and has. Operators may have as much as they like, as they could allow it to themselves;
 * but for keys, whose list is shown whole. Whoever adds something asks in the same turn, or transaction, so that many
 * requests at once do not pass together.
 */
export class Quotas {
  readonly #options: QuotasOptions;
  readonly #usage;
  readonly #given;

  constructor(options: QuotasOptions) {
    this.#options = options;
    const { drizzle } = options.database;
    this.#usage = createUsage(drizzle, options.runnersOf);
    this.#given = drizzle
      .select({ role: accounts.role, max: accountQuotas.max })
      .from(accounts)
      .leftJoin(
        accountQuotas,
        and(
          eq(accountQuotas.account, accounts.id),
          eq(accountQuotas.quota, sql.placeholder("quota")),
        ),
      )
      .where(eq(accounts.id, sql.placeholder("account")))
      .prepare();
  }

  /** Infinite when there is no limit. */
  max(account: string, quota: QuotaName): number {
    const given = this.#given.get({ account, quota });
    if (given?.max != null) return given.max;
    if (given?.role === "operator" && quota !== "keys") return Number.POSITIVE_INFINITY;
    return this.#options.defaults[quota];
  }

  /** How much more there may be; never below zero. */
  left(account: string, quota: QuotaName): number {
    const max = this.max(account, quota);
    return max === Number.POSITIVE_INFINITY ? max : Math.max(max - this.#usage[quota](account), 0);
  }

  /** Whether the account may have so many more. @throws GridError quota-exceeded */
  check(account: string, quota: QuotaName, more = 1): void {
    if (this.left(account, quota) < more) throw this.exceeded(account, quota);
  }

  exceeded(account: string, quota: QuotaName): GridError {
    const limit = this.max(account, quota);
    const { are, hint } = texts[quota];
    return new GridError("quota-exceeded", `You may have at most ${limit} ${are}.`, {
      ...{ name: quota, limit },
      hint: `${hint} An operator of the server may allow you more.`,
    });
  }

  of(account: string): QuotasView {
    const uses = quotaNames.map((quota) => {
      const max = this.max(account, quota);
      const used = this.#usage[quota](account);
      return [quota, { used, max: max === Number.POSITIVE_INFINITY ? null : max }];
    });
    return Object.fromEntries(uses) as QuotasView;
  }

  /** What there is already stays, also when it is more than is allowed from now on. */
  change(account: string, changes: QuotaChanges): void {
    const { drizzle, transaction } = this.#options.database;
    transaction(() => {
      for (const quota of quotaNames) {
        const max = changes[quota];
        const one = and(eq(accountQuotas.account, account), eq(accountQuotas.quota, quota));
        if (max === null) drizzle.delete(accountQuotas).where(one).run();
        else if (max !== undefined)
          drizzle
            .insert(accountQuotas)
            .values({ account, quota, max })
            .onConflictDoUpdate({
              target: [accountQuotas.account, accountQuotas.quota],
              set: { max },
            })
            .run();
      }
    });
  }
}

const texts: Record<QuotaName, { are: string; hint: string }> = {
  functions: { are: "functions", hint: "Publish a new version of one that you have." },
  versions: {
    are: "versions of functions",
    hint: "The same source gives the same version, and counts once.",
  },
  datasets: { are: "datasets", hint: "Delete one that is not needed any more." },
  datasetBytes: {
    are: "bytes of datasets",
    hint: "Delete a dataset that is not needed any more.",
  },
  activeJobs: {
    are: "jobs that have not ended",
    hint: "Wait for one to end, or cancel one.",
  },
  keys: {
    are: "keys",
    hint: "Revoke one that is not used any more; the list shows when each was last used.",
  },
  runners: { are: "runners at once", hint: "Stop one, or give one more slots." },
};
