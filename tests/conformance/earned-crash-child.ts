import { writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { openEmbeddedStore } from "../../api/store/embedded/store.ts";
import { earnerOf } from "../../protocol/earner.ts";
import { newId } from "../../protocol/ids.ts";
import type { Output, Stage } from "../../protocol/job.ts";
import { jobSpec, nowMs, output, randomOf, request, stageOf } from "./fixtures.ts";

/**
 * Works on jobs of an embedded store until it is killed. Every output that it answers with, rounds' states included, is
 * kept, and says in its host class whose it is. Before it goes on it says what the store answered: "earned ID JSON".
 */
const [dataDir, seed] = process.argv.slice(2) as [string, string];
const random = randomOf(Number(seed));
const say = (line: string) => writeSync(1, `${line}\n`);
const { jobs } = await openEmbeddedStore({ dataDir });
say("open");

const anyEarner = () => earnerOf(`acc_${random(3)}`, `run_${random(2)}`);
const outputFor = (earner: string, index: number): Output =>
  output(index, { hostClass: earner, fuel: random(1_000_000) });

for (;;) {
  const active = await jobs.active();
  if (active.length < 3) {
    const id = newId("job", Date.now());
    await jobs.create(jobSpec(id), stageOf(0, 1 + random(60)));
    await jobs.setStatus(id, "running", { nowMs });
    continue;
  }
  const id = active[random(active.length)]!;
  await (random(3) === 0 ? follow(id) : answer(id));
  const { stage, done } = (await jobs.read(id))!;
  if (done === stage.tasks) {
    if (random(6) === 0) await jobs.setStatus(id, "succeeded", { nowMs });
    else
      await jobs.advance(id, stage.number, stageOf(stage.number + 1, 1 + random(60)), { drop: [] });
  }
  if (random(3) === 0) say(`earned ${id} ${JSON.stringify(await jobs.earned(id))}`);
  if (random(4) === 0) await turn();
}

async function answer(id: string): Promise<void> {
  for (const lease of await jobs.lease(id, request({ leases: 2, tasksMax: 1 + random(20) }))) {
    const earner = anyEarner();
    const cut = lease.lo + 1 + random(lease.hi - lease.lo);
    const outputs: Output[] = [];
    for (let index = lease.lo; index < cut; index++) outputs.push(outputFor(earner, index));
    await jobs.complete(id, [{ ...lease, hi: cut, outputs, earner }]);
    if (cut < lease.hi) await jobs.release(id, [lease.token], { penalty: false, attemptsMax: 5 });
  }
}

/** Rounds with the whole stage in one lease, when nothing of it is done. */
async function follow(id: string): Promise<void> {
  const { stage } = (await jobs.read(id))!;
  const whole = { prefer: [[0, stage.tasks]], preferOnly: true } as const;
  const [lease] = await jobs.lease(id, request({ ...whole, tasksMax: stage.tasks }));
  if (!lease) return;
  const earner = anyEarner();
  let from = stage.number;
  for (let rounds = 1 + random(5); rounds > 0; rounds--) {
    const next: Stage = { ...stageOf(from + 2, stage.tasks), state: from + 1 };
    const state = outputFor(earner, 0);
    const { fuel } = state;
    const round = { state, tasksDone: 1, fuel, earner, drop: [], nowMs };
    if ((await jobs.follow(id, lease.token, from, next, round)) === "lost") break;
    from += 2;
  }
  await jobs.release(id, [lease.token], { penalty: false, attemptsMax: 5 });
}
