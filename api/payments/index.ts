import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { operatorAccount } from "../../protocol/accounts.ts";
import { earnerOf, parseEarner } from "../../protocol/earner.ts";
import type { JobSpec } from "../../protocol/job.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { Database } from "../database/open.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Foreseen } from "../memo/foresee.ts";
import type { AnsweredCall, Jobs, MeasuredWork } from "../ports.ts";
import type { Store } from "../store/port.ts";
import { CallMeter } from "./call-meter.ts";
import { Estimates } from "./estimate/estimates.ts";
import { Holds } from "./holds.ts";
import { isFree, Orders, type Priced } from "./orders.ts";
import { baseRateMicro } from "./rates/base-rate.ts";
import { Rates } from "./rates/rates.ts";
import { createRateRows } from "./rates/rows.ts";
import { createPaymentRows, type PaymentRows } from "./rows.ts";
import { RunnerEarnings } from "./runner-earnings.ts";
import { Settlement } from "./settlement.ts";

export interface PaymentsOptions {
  dataDir: string;
  database: Database;
  ledger: Ledger;
  store: Store;
  jobs: Pick<Jobs, "submit" | "cancel" | "pause" | "resume">;
  manifest: (digest: string) => Promise<Manifest>;
  /** Why nothing can run this job now, for people. */
  waitingFor: (spec: JobSpec) => string | undefined;
  /** What of a job's map is remembered, and so costs nothing. */
  foresee: (spec: JobSpec) => Promise<Foreseen>;
  /** Tasks of a job that runners hold. */
  underWay: (job: string) => number;
  isLost: (job: string) => boolean;
  onClosed: (job: string, costMicro: number) => void;
  feePercent: number;
  budgetMicroDefault: number;
  clock: () => number;
  log: Logger;
}

/** All that has to do with who pays whom for work. */
export interface Payments {
  rows: PaymentRows;
  holds: Holds;
  orders: Orders;
  rates: Rates;
  settlement: Settlement;
  meter: CallMeter;
  runnerEarnings: RunnerEarnings;
  estimates: Estimates;
  feeBasisPoints: number;
  /** To be told by the gateway. */
  onCall: (call: AnsweredCall) => void;
  onMeasured: (measured: MeasuredWork) => void;
  close(): Promise<void>;
}

export function createPayments(options: PaymentsOptions): Payments {
  const { database, ledger, store, jobs, clock, log } = options;
  const { drizzle, transaction } = database;
  const rows = createPaymentRows(drizzle);
  const holds = new Holds({ rows, ledger, transaction, clock });
  const feeBasisPoints = options.feePercent * 100;
  const rates = new Rates({
    rows: createRateRows(drizzle),
    transaction,
    baseMicro: baseRateMicro,
    referenceOwner: operatorAccount,
    clock,
    log,
  });
  const runnerEarnings = new RunnerEarnings({ database: drizzle, transaction, clock, log });
  const meter = new CallMeter({
    ledger,
    run: randomUUID(),
    dataDir: options.dataDir,
    clock,
    log,
    onPaid: (earner, micro) => runnerEarnings.paidForCalls(parseEarner(earner), micro),
  });
  const orders: Orders = new Orders({
    ledger,
    rates,
    feeBasisPoints,
    budgetMicroDefault: options.budgetMicroDefault,
    estimated: (spec) => estimates.known(spec),
    unposted: (account) => meter.unposted(account),
  });
  const estimates = new Estimates({
    store,
    jobs,
    orders,
    manifest: options.manifest,
    waitingFor: options.waitingFor,
    foresee: options.foresee,
    admit: (spec, version) =>
      meter.admit(spec.owner, keyOf(version), {
        ...orders.terms(version, spec.owner, spec.bidHundredths),
        function: version.function,
        author: version.owner,
      }),
    charge: (spec, version, earned) => {
      for (const { earner, fuel } of earned) meter.charge(spec.owner, keyOf(version), earner, fuel);
    },
    clock,
  });
  const settlement = new Settlement({
    rows,
    ledger,
    holds,
    store,
    transaction,
    underWay: options.underWay,
    pause: (job, reason) => jobs.pause(job, "budget", reason),
    resume: (job) => jobs.resume(job, "budget"),
    isLost: options.isLost,
    onClosed: options.onClosed,
    onPaid: (earner, micro) => runnerEarnings.paid(parseEarner(earner), micro),
    clock,
    log,
  });
  return {
    rows,
    holds,
    orders,
    rates,
    settlement,
    meter,
    runnerEarnings,
    estimates,
    feeBasisPoints,
    onCall: (call) => {
      if (!isFree(call))
        meter.charge(
          call.owner,
          keyOf({ ...call, digest: call.version }),
          earnerOf(call.runnerOwner, call.runner),
          call.fuel,
        );
    },
    onMeasured: (measured) => rates.observe(measured),
    async close() {
      await settlement.close();
      await meter.close();
      runnerEarnings.close();
      rates.close();
    },
  };
}

/** What the meter knows a version by. */
export function keyOf({ function: name, digest }: Pick<Priced, "function" | "digest">): string {
  return `${name} ${digest}`;
}
