import { writeSync } from "node:fs";
import { openStore } from "../../api/store/open-store.ts";
import { randomOf } from "./fixtures.ts";
import { memoFamily, memoOf, memoOwner, memoTasks } from "./memo-versions.ts";

/** Remembers results until it is killed. Says on stdout what was answered: "put TASK VERSION". */
const [dataDir, redisUrl, first] = process.argv.slice(2) as [string, string, string];
const random = randomOf(Number(first));
const store = await openStore({ dataDir, redisUrl });
writeSync(1, "open\n");

for (let version = Number(first); ; version++) {
  const tasks = new Set(Array.from({ length: 1 + random(4) }, () => random(memoTasks)));
  const memos = [...tasks].map((task) => memoOf(task, version));
  await store.memos.put(memoOwner, memoFamily, memos, { nowMs: version, bytesMax: 1e9 });
  for (const { task } of memos) writeSync(1, `put ${task} ${version}\n`);
}
