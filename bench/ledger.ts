import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../api/database/open.ts";
import { createLedger } from "../api/ledger/ledger.ts";
import type { Transfer } from "../api/ledger/port.ts";
import { newId } from "../protocol/ids.ts";
import { openRawLedger } from "./peers/raw-ledger.ts";
import { type Bench, perSecond, times } from "./support/report.ts";
import { interleaved, median } from "./support/stats.ts";

const reach = 0.6;
const transfersPerBatch = 100;
const runners = 500;
const jobs = 20;

/** Transfers as settlement makes them: from a job's hold to the wallets of those who worked, to author and platform. */
export const ledger: Bench = {
  name: "ledger",
  about: "transfers a second, posted durably, 100 a transaction, against bare better-sqlite3",
  async run({ smoke, log }) {
    const batches = smoke ? 20 : 500;
    const folder = mkdtempSync(join(tmpdir(), "sparegrid-bench-"));
    const database = openDatabase(folder);
    const ours = createLedger({ database, clock: Date.now });
    const holds = Array.from({ length: jobs }, () => newId("job", Date.now()));
    const wallets = Array.from({ length: runners }, () => `wallet:${newId("runner", Date.now())}`);
    const accounts = ["platform", ...holds.map((job) => `job:${job}`), ...wallets];
    ours.apply(accounts.map((credit, at) => grantOf(`grant:${at}`, credit)));
    const raw = openRawLedger(join(folder, "raw.db"), accounts);
    let turns = 0;
    const perTransfer = async (apply: (transfers: readonly Transfer[]) => void) => {
      const made = settlements(turns++, batches, holds, wallets);
      const beganMs = performance.now();
      for (const batch of made) apply(batch);
      return (performance.now() - beganMs) / (batches * transfersPerBatch);
    };
    const contenders = {
      ours: () => perTransfer((transfers) => void ours.apply(transfers)),
      raw: () => perTransfer(raw.apply),
    };
    await interleaved(1, contenders);
    const took = await interleaved(smoke ? 1 : 5, contenders);
    const { violation } = ours.verify();
    if (violation) throw new Error(violation.message);
    ours.close();
    database.close();
    raw.close();
    rmSync(folder, { recursive: true });
    const rates = { ours: 1_000 / median(took.ours), raw: 1_000 / median(took.raw) };
    const ratio = median(took.raw.map((rawMs, turn) => rawMs / took.ours[turn]!));
    log(`ours ${perSecond(rates.ours)}, raw ${perSecond(rates.raw)}`);
    return [
      {
        measure: "ledger transfers, durable, 100 a transaction",
        ours: perSecond(rates.ours),
        peer: `${perSecond(rates.raw)} (better-sqlite3)`,
        ratio: times(ratio),
        reach: `≥ ${times(reach)}`,
        reached: ratio >= reach,
      },
    ];
  },
};

function grantOf(id: string, credit: string): Transfer {
  return { id, kind: "grant", debit: "mint", credit, micro: 1e12 };
}

/** Every batch settles one job: a payment to each of some runners, and now and then a royalty or a fee. */
function settlements(
  turn: number,
  batches: number,
  holds: readonly string[],
  wallets: readonly string[],
): Transfer[][] {
  return Array.from({ length: batches }, (_, batch) => {
    const job = holds[batch % holds.length]!;
    return Array.from({ length: transfersPerBatch }, (_, at) => {
      const kind = at % 10 === 8 ? "royalty" : at % 10 === 9 ? "fee" : "work";
      const wallet = wallets[(batch * 37 + at * 11) % wallets.length]!;
      return {
        id: `settle:${job}:${turn}-${batch}:${at}`,
        kind,
        debit: `job:${job}`,
        credit: kind === "fee" ? "platform" : wallet,
        micro: 1 + at,
        about: { job, runner: wallet, fuel: 1_000_000 + at },
      };
    });
  });
}
