import { openDatabase } from "../../database/open.ts";
import { createLedger } from "../../ledger/ledger.ts";
import type { Ledger } from "../../ledger/port.ts";
import { CampaignRows } from "../campaign-rows.ts";
import { ViewRows } from "../view-rows.ts";
import { Views } from "../views.ts";

/**
 * Watches and finishes a view in a process that dies by SIGKILL: "between" the ledger's row and the view's, or "after"
 * both are committed and before anyone could be told.
 */
const [dataDir, token, viewer, startMs, where] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
let nowMs = Number(startMs);
const clock = () => nowMs;
const die = () => process.kill(process.pid, "SIGKILL");

const database = openDatabase(dataDir);
const ledger = createLedger({ database, clock });
const mortal: Ledger = {
  ...ledger,
  apply(transfers) {
    const applied = ledger.apply(transfers);
    if (where === "between") die();
    return applied;
  },
};
const views = new Views({
  database,
  ledger: mortal,
  campaigns: new CampaignRows(database.drizzle),
  views: new ViewRows(database.drizzle),
  viewsPerDayMax: 50,
  clock,
});
for (let sequence = 0; sequence <= 5; sequence++) {
  views.heartbeat(token, viewer, { sequence, visible: true });
  nowMs += 1_000;
}
views.finish(token, viewer);
die();
