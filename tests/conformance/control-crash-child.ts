import { writeSync } from "node:fs";
import { openStore } from "../../api/store/open-store.ts";
import { earner } from "./fixtures.ts";
import { answerStage, beginTurn, progressOver, turns } from "./stages.ts";

/**
 * Brings jobs to stages whose answer decides what follows, takes those answers in, and dies before it acts on them. Says
 * what was earned by then: "earned ID JSON".
 */
const [dataDir, redisUrl] = process.argv.slice(2) as [string, string];
const store = await openStore({ dataDir, ...(redisUrl && { redisUrl }) });
const progress = progressOver(store);
for (const turn of turns) {
  const id = await beginTurn(store, turn);
  while ((await store.jobs.read(id))!.stage.entry !== turn.entry) {
    await answerStage(store, id, earner, { done: false });
    await progress.repair(id);
  }
  await answerStage(store, id, earner, turn.control);
  writeSync(1, `earned ${id} ${JSON.stringify(await store.jobs.earned(id))}\n`);
}
process.kill(process.pid, "SIGKILL");
