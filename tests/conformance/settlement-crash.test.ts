import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settledIn } from "../../api/ledger/holdings.ts";
import { nothing, splitOf, sum } from "../../api/payments/split.ts";
import { MoneyRig, testTerms } from "../../api/payments/testing/money-rig.ts";
import { parseEarner } from "../../protocol/earner.ts";
import { linesUntilKilled } from "../support/doomed-child.ts";
import { randomOf } from "./fixtures.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const points = ["before", "within", "after"] as const;
const crashesOfEach = 5;

const script = join(import.meta.dirname, "settlement-crash-child.ts");

/** What everyone must have when all that the store counted is paid once. */
async function owedByAccount(rig: MoneyRig, jobs: readonly string[]): Promise<Map<string, number>> {
  const owed = new Map<string, number>();
  let rest = nothing;
  for (const job of jobs)
    for (const { earner, fuel } of await rig.store.jobs.earned(job)) {
      const split = splitOf(fuel, testTerms);
      const wallet = `wallet:${parseEarner(earner).account}`;
      owed.set(wallet, (owed.get(wallet) ?? 0) + split.workMicro);
      rest = sum(rest, split);
    }
  owed.set("wallet:acc_author", rest.royaltyMicro);
  owed.set("platform", rest.feeMicro);
  return owed;
}

test.each(points)(
  `a process killed %s the transaction of a settlement pays all work once (seed ${seed})`,
  async (point) => {
    const random = randomOf(seed);
    const dataDir = await mkdtemp(join(tmpdir(), "sparegrid-settle-"));
    const jobs: string[] = [];
    for (let crash = 0; crash < crashesOfEach; crash++) {
      const args = [dataDir, String(seed + crash), point, String(2 + random(25))];
      for await (const line of linesUntilKilled(script, args)) jobs.push(line.slice(4));
      const rig = await MoneyRig.open(dataDir);
      rig.grant("acc_consumer", 1000);
      // The end of this settlement is one pass over all that is open.
      for (const job of await rig.store.jobs.active())
        rig.holds.topUp(job, `enough ${crash}`, 50_000_000);
      await rig.settlement().close();
      const owed = await owedByAccount(rig, jobs);
      for (const [account, micro] of owed)
        expect(rig.ledger.balance(account).available, `${account}, SEED=${seed}`).toBe(micro);
      const isClosed = (id: string) => typeof rig.rows.find(id)?.closedAtMs === "number";
      expect(rig.ledger.verify({ settledIn }).violation).toBeUndefined();
      for (const job of jobs)
        expect(isClosed(job)).toBe(!(await rig.store.jobs.active()).includes(job));
      expect(rig.warnings).toEqual([]);
      await rig.close({ remove: false });
    }
    expect(jobs.length).toBeGreaterThan(2);
    await rm(dataDir, { recursive: true, force: true });
  },
);
