import { writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { openEmbeddedStore } from "../../api/store/embedded/store.ts";
import { newId } from "../../protocol/ids.ts";
import { earner, jobSpec, nowMs, output, randomOf, request, stageOf } from "./fixtures.ts";

/**
 * Works on jobs of an embedded store until it is killed. Says on stdout, before it goes on, what its callers were
 * promised: "created ID", "ended ID", "event ID NUMBER".
 */
const [dataDir, seed] = process.argv.slice(2) as [string, string];
const random = randomOf(Number(seed));
const say = (line: string) => writeSync(1, `${line}\n`);
const store = await openEmbeddedStore({ dataDir });
const { jobs, events } = store;
say("open");

for (;;) {
  const active = await jobs.active();
  if (active.length < 3) {
    const id = newId("job", Date.now());
    await jobs.create(jobSpec(id), stageOf(0, 1 + random(400)));
    say(`created ${id}`);
    continue;
  }
  const id = active[random(active.length)]!;
  for (const lease of await jobs.lease(id, request({ leases: 2, tasksMax: 1 + random(40) }))) {
    const cut = lease.lo + 1 + random(lease.hi - lease.lo);
    const outputs = Array.from({ length: cut - lease.lo }, (_, i) => output(lease.lo + i));
    await jobs.complete(id, [{ token: lease.token, lo: lease.lo, hi: cut, outputs, earner }]);
    if (cut < lease.hi) await jobs.release(id, [lease.token], { penalty: false, attemptsMax: 5 });
  }
  const number = await events.append(
    id,
    [{ type: "settle", fuel: random(100), cost: 0, left: 0 }],
    nowMs,
  );
  say(`event ${id} ${number}`);
  const state = (await jobs.read(id))!;
  if (state.done === state.stage.tasks) {
    const at = state.stage.number;
    if (random(6) === 0) {
      await jobs.setStatus(id, "succeeded", { nowMs, resultStage: at });
      say(`ended ${id}`);
    } else {
      const drop = at > 0 ? [at - 1] : [];
      await jobs.advance(id, at, stageOf(at + 1, 1 + random(400)), { drop });
    }
  }
  if (random(4) === 0) await turn();
}
