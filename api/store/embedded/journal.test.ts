import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JobSpec, Output, Stage } from "../../../protocol/job.ts";
import { silentLog } from "../log.ts";
import { type ActiveJob, earn, newFacts } from "./active-job.ts";
import { openDatabase } from "./database.ts";
import { Journal, journalOpsMax } from "./journal.ts";
import { TaskBoard } from "./task-board.ts";

let dataDir: string;
let db: ReturnType<typeof openDatabase>;
let journal: Journal;
let job: ActiveJob;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sparegrid-journal-"));
  db = openDatabase(dataDir);
  journal = new Journal(db, silentLog);
  const stage: Stage = { number: 0, round: 0, entry: "map", tasks: 1e6 };
  job = {
    job: 1,
    spec: { id: "job_1" } as JobSpec,
    facts: newFacts(stage),
    board: new TaskBoard(stage.tasks),
    earned: new Map(),
    lastEvent: 0,
    stagesOnDisk: new Set(),
  };
  journal.created(job);
  journal.flush();
});
afterEach(() => {
  journal.close();
  db.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const count = (table: string) => db.prepare(`SELECT count(*) AS n FROM ${table}`).pluck().get();
const output = (index: number, bytes = 10): Output => ({
  level: 0,
  index,
  hash: "h",
  fuel: 1,
  bytes,
  hostClass: "v8",
  inline: new Uint8Array(bytes),
});

test("what is put and dropped between two flushes never reaches the disk", () => {
  const written = () => db.prepare("SELECT total_changes()").pluck().get();
  const before = written();
  for (let stage = 0; stage < 1000; stage++) {
    journal.answered(job, stage, 0, 2, [output(0), output(1)]);
    if (stage > 0) journal.dropped(job, stage - 1);
    journal.settle();
  }
  expect(written()).toBe(before);
  journal.flush();
  expect(count("outputs")).toBe(2);
  expect(count("garbage")).toBe(0);
});

test("digests of large outputs are known until they are written or dropped", () => {
  const { inline: _inline, ...large } = output(0);
  journal.answered(job, 0, 0, 1, [large]);
  journal.answered(job, 1, 0, 2, [output(0), { ...large, index: 1 }]);
  expect(journal.unwrittenLarge()).toEqual(["h"]);
  journal.dropped(job, 0);
  expect(journal.unwrittenLarge()).toEqual(["h"]);
  journal.dropped(job, 1);
  expect(journal.unwrittenLarge()).toEqual([]);
});

test("changes are written by themselves, soon", async () => {
  journal.answered(job, 0, 0, 1, [output(0)]);
  expect(count("outputs")).toBe(0);
  for (let tries = 0; tries < 100 && count("outputs") === 0; tries++) await sleep(5);
  expect(count("outputs")).toBe(1);
});

test("many operations, or many bytes, are written at once", () => {
  journal.answered(
    job,
    0,
    0,
    journalOpsMax,
    Array.from({ length: journalOpsMax }, (_, i) => output(i)),
  );
  journal.settle();
  expect(count("outputs")).toBe(journalOpsMax);
  journal.answered(job, 1, 0, 1, [output(0, 9 * 1024 * 1024)]);
  journal.settle();
  expect(count("outputs")).toBe(journalOpsMax + 1);
});

test("a sync has all on the disk itself, and asks it only when something was written since the last", () => {
  const syncs = () => db.prepare("SELECT count FROM syncs").pluck().get();
  const earner = "acc_1 run_1";
  const answer = () => {
    earn(job, earner, 5, 1);
    journal.earned(job, earner);
  };
  answer();
  journal.sync();
  expect(count("earned")).toBe(1);
  journal.sync();
  expect(syncs()).toBe(0);
  answer();
  journal.flush();
  journal.sync();
  journal.sync();
  // What the flush wrote was on its way: one more write took it along.
  expect(syncs()).toBe(1);
  expect(db.prepare("SELECT earner, fuel, tasks FROM earned").all()).toEqual([
    { earner, fuel: 10, tasks: 2 },
  ]);
  expect(db.pragma("synchronous", { simple: true })).toBe(1);
});

test("a disk that takes no writes pushes back, and nothing is lost", () => {
  db.pragma("query_only = 1");
  for (let i = 0; i < journalOpsMax; i++) journal.answered(job, i, 0, 1, [output(0)]);
  journal.settle();
  expect(() => journal.admit()).toThrow(expect.objectContaining({ code: "store-unavailable" }));
  db.pragma("query_only = 0");
  journal.admit();
  expect(count("outputs")).toBe(journalOpsMax);
});
