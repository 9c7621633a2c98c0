import { writeSync } from "node:fs";
import { MoneyRig } from "../../api/payments/testing/money-rig.ts";
import { earnerOf } from "../../protocol/earner.ts";
import { randomOf } from "./fixtures.ts";

/**
 * Works on jobs that pay, and dies in the middle of a settlement: before its transaction, within it when all transfers
 * are made, or after it. Says on stdout which jobs there are: "job ID".
 */
const [dataDir, seed, point, passes] = process.argv.slice(2) as [string, string, string, string];
const random = randomOf(Number(seed));
const rig = await MoneyRig.open(dataDir);
const { database, store, rows } = rig;
let left = Number(passes);
let depth = 0;

function die(at: string): void {
  // Savepoints of single jobs are within the transaction.
  if (at !== point || depth !== 0 || --left > 0) return;
  process.kill(process.pid, "SIGKILL");
}

function transaction<T>(work: () => T): T {
  die("before");
  const result = database.transaction(() => {
    depth++;
    try {
      return work();
    } finally {
      depth--;
      die("within");
    }
  });
  die("after");
  return result;
}

const settlement = rig.settlement({ transaction });
for (;;) {
  const active = await store.jobs.active();
  if (active.length < 3) {
    const id = `job_${seed}_${rows.openJobs("", 1000).length}_${Date.now()}`;
    rig.grant("acc_consumer", 50);
    // Some are too small for what they will owe.
    await rig.job(id, 1 + random(20));
    writeSync(1, `job ${id}\n`);
    continue;
  }
  const id = active[random(active.length)]!;
  const earner = earnerOf(`acc_${random(3)}`, `run_${random(2)}`);
  const state = (await store.jobs.read(id))!;
  if (state.status === "paused") {
    rig.grant("acc_consumer", 50);
    rig.holds.topUp(id, String(Date.now()), 5_000_000);
    await settlement.settle(id);
  } else if (state.done > 90 - random(60)) await rig.end(id, "succeeded");
  else await rig.answer(id, earner, 1 + random(5), random(200_000_000));
  await settlement.settle(id);
}
