import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CallMeter } from "./call-meter.ts";
import { MoneyRig } from "./testing/money-rig.ts";

/** A unit of fuel is a microcredit; royalty and fee are whole parts of it as well. */
const terms = {
  ...{ rateMicro: 1_000_000_000, bidHundredths: 100, royaltyBasisPoints: 0, feeBasisPoints: 0 },
  ...{ function: "author/f", author: "acc_author" },
};
const kills = 6;
const caller = "acc_consumer";
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-calls-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function callUntilKilled(run: string, afterMs: number) {
  const script = join(import.meta.dirname, "testing/call-crash-child.ts");
  const args = [script, dataDir, run, JSON.stringify(terms)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const fuel = { will: 0, did: 0 };
  let doomed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!doomed) setTimeout(() => child.kill("SIGKILL"), afterMs);
    doomed = true;
    const [word, amount] = line.split(" ") as ["will" | "did", string];
    fuel[word] += Number(amount);
  }
  expect((await exited)[1]).toBe("SIGKILL");
  return fuel;
}

function meterOver(rig: MoneyRig, run: string): CallMeter {
  const log = { warn: (_: object, text: string) => expect(text).toBe("") };
  return new CallMeter({ ledger: rig.ledger, run, dataDir, clock: Date.now, log });
}

const earned = (rig: MoneyRig) => rig.ledger.balance("wallet:acc_provider").available;

test("a process that is killed at any moment loses no call that it has told of, and pays none twice", {
  timeout: 240_000,
}, async () => {
  const fuel = { will: 0, did: 0 };
  for (let kill = 0; kill < kills; kill++) {
    let rig = await MoneyRig.open(dataDir);
    rig.grant(caller, 1_000);
    await rig.close({ remove: false });
    // Some take over from one that was killed and are killed themselves before they have posted.
    for (let again = 0; again < 1 + (kill % 2); again++) {
      const some = await callUntilKilled(`run${kill}-${again}`, Math.random() * 600);
      fuel.will += some.will;
      fuel.did += some.did;
    }
    rig = await MoneyRig.open(dataDir);
    await meterOver(rig, `check${kill}`).close();
    const paid = earned(rig);
    expect(paid).toBeGreaterThanOrEqual(fuel.did);
    expect(paid).toBeLessThanOrEqual(fuel.will);
    // What was under way in the last turn may have been noted.
    fuel.did = paid;
    fuel.will = paid;
    expect(rig.ledger.verify().violation).toBeUndefined();
    expect(readdirSync(join(dataDir, "calls"))).toEqual([]);
    await rig.close({ remove: false });
  }
  expect(fuel.did).toBeGreaterThan(1_000);
});

test("what nobody can pay waits for credits, over restarts", async () => {
  const rig = await MoneyRig.open(dataDir);
  rig.grant(caller, 1);
  const log = { warn: () => {} };
  const open = (run: string) =>
    new CallMeter({ ledger: rig.ledger, run, dataDir, clock: Date.now, log });
  const first = open("first");
  first.admit(caller, "v1", terms).end();
  for (const fuel of [400_000, 500_000, 700_000])
    first.charge(caller, "v1", "acc_provider run_1", fuel);
  await first.close();
  expect(earned(rig)).toBe(0);
  expect(existsSync(join(dataDir, "calls"))).toBe(true);
  const second = open("second");
  expect(second.unposted(caller)).toBe(1_600_000);
  rig.grant(caller, 1);
  await second.close();
  expect(earned(rig)).toBe(1_600_000);
  expect(rig.ledger.history({ account: "wallet:acc_provider", limit: 9 })).toMatchObject([
    { about: { calls: 3, fuel: 1_600_000 } },
  ]);
  await open("third").close();
  expect(earned(rig)).toBe(1_600_000);
  await rig.close();
});

test("a journal that grew is written anew with what is not posted", async () => {
  const rig = await MoneyRig.open(dataDir);
  rig.grant(caller, 1_000);
  const meter = meterOver(rig, "grown");
  const path = join(dataDir, "calls", "grown.log");
  let fuel = 0;
  for (let round = 0; round < 3; round++) {
    for (let call = 0; call < 60_000; call++) {
      if (call === 0) meter.admit(caller, "v1", terms).end();
      meter.charge(caller, "v1", "acc_provider run_1", 1_000);
      fuel += 1_000;
    }
    await meter.post();
  }
  expect(statSync(path).size).toBeLessThan(1024 * 1024);
  // As if it had been killed now: the next one finds nothing that is not posted.
  copyFileSync(path, join(dataDir, "calls", "killed.log"));
  const next = meterOver(rig, "next");
  expect(next.unposted(caller)).toBe(0);
  await next.close();
  await meter.close();
  expect(earned(rig)).toBe(fuel);
  await rig.close();
});
