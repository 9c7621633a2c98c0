import { writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { openDatabase } from "../../database/open.ts";
import { createLedger } from "../../ledger/ledger.ts";
import { CallMeter } from "../call-meter.ts";

/**
 * Charges calls until it is killed. Says "will FUEL" before the calls of a turn, and "did FUEL" when the turn is over; a
 * unit of fuel is a microcredit.
 */
const [dataDir, run, termsText] = process.argv.slice(2) as [string, string, string];
const terms = JSON.parse(termsText);
const database = openDatabase(dataDir);
const ledger = createLedger({ database, clock: Date.now });
const log = { warn: (fields: object, text: string) => console.error(text, fields) };
const meter = new CallMeter({ ledger, run, dataDir, clock: Date.now, log });
const caller = "acc_consumer";
let posting = Promise.resolve();
for (;;) {
  const calls = Array.from({ length: 1 + Math.floor(Math.random() * 5) }, () => ({
    fuel: 1 + Math.floor(Math.random() * 1_000),
    key: `author/f v${Math.floor(Math.random() * 3)}`,
  }));
  const fuel = calls.reduce((sum, call) => sum + call.fuel, 0);
  writeSync(1, `will ${fuel}\n`);
  for (const call of calls) {
    meter.admit(caller, call.key, terms).end();
    meter.charge(caller, call.key, "acc_provider run_1", call.fuel);
  }
  await turn();
  await turn();
  writeSync(1, `did ${fuel}\n`);
  if (Math.random() < 0.1) posting = meter.post();
  if (Math.random() < 0.1) await posting;
}
