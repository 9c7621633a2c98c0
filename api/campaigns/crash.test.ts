import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CampaignsRig } from "./testing/campaigns-rig.ts";

let rig: CampaignsRig;
beforeEach(async () => {
  rig = await CampaignsRig.open();
});
afterEach(() => rig.end());

/** Finishes in another process, which is killed. */
async function finishAndDie(token: string, where: "between" | "after"): Promise<void> {
  rig.money.stop();
  const script = join(import.meta.dirname, "testing/finish-child.ts");
  const { dataDir, nowMs } = rig.money;
  const child = spawn(process.execPath, [script, dataDir, token, "acc_ada", String(nowMs), where], {
    stdio: "inherit",
  });
  const [, signal] = await once(child, "exit");
  expect(signal).toBe("SIGKILL");
  rig.money.begin();
  rig.restart();
}

const wallet = () => rig.money.available("wallet:acc_ada");

test("a crash between the ledger's row and the view's leaves neither; it is then paid once", async () => {
  const { id } = rig.running();
  const { token, view } = rig.open(id, "acc_ada");
  await finishAndDie(token, "between");
  expect(rig.money.ledger.find(`view:${view.id}`)).toBeUndefined();
  expect(rig.area.viewRows.openOf("acc_ada")?.id).toBe(view.id);
  expect(wallet()).toBe(0);
  rig.watch(token, "acc_ada", 5);
  rig.area.views.finish(token, "acc_ada");
  rig.area.views.finish(token, "acc_ada");
  expect(wallet()).toBe(1_000_000);
  expect(rig.money.ledger.verify().violation).toBeUndefined();
});

test("a crash after both, before the answer, has paid; asking again pays nothing more", async () => {
  const { id } = rig.running();
  const { token, view } = rig.open(id, "acc_ada");
  await finishAndDie(token, "after");
  expect(wallet()).toBe(1_000_000);
  expect(rig.area.views.finish(token, "acc_ada").view).toMatchObject({
    id: view.id,
    phase: "paid",
  });
  expect(wallet()).toBe(1_000_000);
  expect(rig.area.campaignRows.totals(id)).toMatchObject({ completed: 1, spentMicro: 1_000_000 });
  expect(rig.money.ledger.verify().violation).toBeUndefined();
});
