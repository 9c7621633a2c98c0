import { type CampaignsArea, createCampaignsArea } from "../../campaigns/index.ts";
import { createBlobRefs } from "../../catalog/blob-refs.ts";
import type { Database } from "../../database/open.ts";
import type { BlobGate } from "../../http/blob-gate.ts";
import { createGrants, type Grants } from "../../ledger/grants.ts";
import { createLedger } from "../../ledger/ledger.ts";
import type { Ledger } from "../../ledger/port.ts";
import { Holds } from "../../payments/holds.ts";
import { createPaymentRows, type PaymentRows } from "../../payments/rows.ts";
import { Settlement } from "../../payments/settlement.ts";
import { createPayoutsArea, type PayoutsArea } from "../../payouts/index.ts";
import type { Store } from "../../store/port.ts";
import { Fuse } from "./fuse.ts";

export const signUpGrantMicro = 3_000_000;
const hourMs = 3_600_000;

export interface LifeOptions {
  database: Database;
  store: Store;
  gate: BlobGate;
  clock: () => number;
  isLost: (job: string) => boolean;
  underWay: (job: string) => number;
  /** At the very moment of death, before anything of what was under way is taken back. */
  onDeath: () => void;
}

/** All parts of one process that move credits, joined as the API joins them. */
export interface Life {
  fuse: Fuse;
  ledger: Ledger;
  grants: Grants;
  rows: PaymentRows;
  holds: Holds;
  settlement: Settlement;
  campaigns: CampaignsArea;
  payouts: PayoutsArea;
  transaction: <T>(work: () => T) => T;
  /** What the process had to complain of. */
  warnings: string[];
}

export function beginLife(options: LifeOptions): Life {
  const { store, gate, clock, isLost, underWay } = options;
  const fuse = new Fuse(options.onDeath);
  const database = mortalDatabase(options.database, fuse);
  const { transaction } = database;
  const ledger = mortalLedger(createLedger({ database, clock }), fuse);
  const rows = createPaymentRows(database.drizzle);
  const holds = new Holds({ rows, ledger, transaction, clock });
  const warnings: string[] = [];
  const settlement = new Settlement({
    rows,
    ledger,
    holds,
    store,
    transaction,
    underWay,
    pause: (job, reason) => store.jobs.pause(job, "budget", { reason }),
    resume: (job) => store.jobs.resume(job, "budget", { nowMs: clock() }),
    isLost,
    onClosed: () => {},
    clock,
    // Passes are made when a history asks for them, and leave nothing for later.
    pace: { lookEveryMs: hourMs, payEveryMs: 0 },
    log: {
      warn: (fields, text) => {
        if (!fuse.dead) warnings.push(`${text} ${String((fields as { err?: unknown }).err)}`);
      },
    },
  });
  return {
    fuse,
    ledger,
    grants: createGrants({ ledger, signUpGrantMicro, operatorGrantMicro: 0 }),
    rows,
    holds,
    settlement,
    campaigns: createCampaignsArea({
      database,
      ledger,
      blobs: store.blobs,
      blobRefs: createBlobRefs(database.drizzle),
      gate,
      viewsPerDayMax: 10_000,
      progressMax: 100,
      clock,
    }),
    payouts: createPayoutsArea(database, ledger, clock),
    transaction,
    warnings,
  };
}

/** It dies before, at the end of, and after what it writes together. */
function mortalDatabase(database: Database, fuse: Fuse): Database {
  let depth = 0;
  return {
    ...database,
    transaction<T>(work: () => T): T {
      if (depth > 0) return database.transaction(work);
      fuse.burn();
      const result = database.transaction(() => {
        depth++;
        try {
          const value = work();
          fuse.burn();
          return value;
        } finally {
          depth--;
        }
      });
      fuse.burn();
      return result;
    },
  };
}

/** It dies after each write, within a transaction or not. */
function mortalLedger(ledger: Ledger, fuse: Fuse): Ledger {
  const thenDie = <T>(value: T): T => {
    fuse.burn();
    return value;
  };
  return {
    ...ledger,
    apply: (transfers) => thenDie(ledger.apply(transfers)),
    post: (id, micro) => thenDie(ledger.post(id, micro)),
    void: (id) => thenDie(ledger.void(id)),
  };
}
