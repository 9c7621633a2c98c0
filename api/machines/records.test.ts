import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../database/open.ts";
import type { RunnerInfo } from "../ports.ts";
import { MachineRecords } from "./records.ts";
import { runnerInfo } from "./testing.ts";

let folder: string;
let database: Database;
let nowMs: number;
let connected: RunnerInfo[];
let records: MachineRecords;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "machines-"));
  database = openDatabase(folder);
  nowMs = Date.parse("2026-11-23T10:00:00Z");
  connected = [];
  records = open();
});
afterEach(async () => {
  records.close();
  database.close();
  await rm(folder, { recursive: true });
});

function open(): MachineRecords {
  return new MachineRecords({
    database: database.drizzle,
    unflushed: database.unflushed,
    connected: () => connected,
    clock: () => nowMs,
    log: { warn: () => {} },
  });
}
/** The connection is at so much now. */
function counts(given: Partial<RunnerInfo>): void {
  connected = [runnerInfo(given)];
}
function ends(): void {
  records.left(connected[0]!);
  connected = [];
}

test("count over all connections, and over a restart of the server", () => {
  counts({ tasksDone: 5 });
  records.write();
  counts({ tasksDone: 9, faults: 1 });
  expect(records.of(connected[0]!)).toMatchObject({ tasksDone: 9, tasksLost: 0, faults: 1 });
  records.write();
  records.write();
  counts({ tasksDone: 9, tasksLost: 3, faults: 1 });
  ends();
  records.close();

  records = open();
  counts({ session: "ses_2", tasksDone: 2 });
  const all = { tasksDone: 11, tasksLost: 3, faults: 1, firstSeenAtMs: nowMs };
  expect(records.of(connected[0]!)).toEqual(all);
  nowMs += 1_000;
  ends();
  const [away] = records.away("acc_1", 10);
  expect(away).toMatchObject({ ...all, runner: "run_1", lastSeenAtMs: nowMs });
});

test("a machine that connects again before its old connection is seen to have ended is counted once each", () => {
  counts({ tasksDone: 4 });
  records.write();
  const old = runnerInfo({ tasksDone: 6, tasksLost: 2 });
  connected = [old, runnerInfo({ session: "ses_2", tasksDone: 1 })];
  records.write();
  records.left(old);
  connected = connected.slice(1);
  expect(records.away("acc_1", 10)).toEqual([]);
  expect(records.of(connected[0]!)).toMatchObject({ tasksDone: 7, tasksLost: 2 });
});

test("those that are away are the account's own, the last seen first, and may be forgotten", () => {
  for (const [id, owner] of [
    ["run_1", "acc_1"],
    ["run_2", "acc_1"],
    ["run_3", "acc_2"],
  ] as const) {
    counts({ id, owner, session: id });
    ends();
    records.write();
    nowMs += 1_000;
  }
  const away = () => records.away("acc_1", 10).map(({ runner }) => runner);
  expect(away()).toEqual(["run_2", "run_1"]);
  expect(records.forget("acc_1", "run_3")).toBe(false);
  expect(records.forget("acc_1", "run_2")).toBe(true);
  expect(away()).toEqual(["run_1"]);
  expect(records.isHere("acc_1", "run_1")).toBe(false);
});

test("those that are away for half a year are forgotten, and of each account all but the newest thousand", () => {
  counts({ id: "run_old" });
  ends();
  records.write();
  nowMs += 181 * 86_400_000;
  for (let i = 0; i < 1_003; i++) {
    counts({ id: `run_${i}`, session: `ses_${i}` });
    ends();
    nowMs += 1;
    if (i < 3) records.write();
  }
  counts({ id: "run_x", owner: "acc_2", session: "ses_x" });
  ends();
  records.trim();
  records.write();
  records.trim();
  const kept = records.away("acc_1", 2_000).map(({ runner }) => runner);
  expect(kept).toHaveLength(1_000);
  expect(kept).not.toContain("run_old");
  expect(kept).not.toContain("run_0");
  expect(records.away("acc_2", 10)).toHaveLength(1);
});

test("what could not be written is written with what comes next", () => {
  counts({ tasksDone: 5 });
  ends();
  database.client.exec("alter table machine_records rename to elsewhere");
  expect(() => records.write()).toThrow();
  database.client.exec("alter table elsewhere rename to machine_records");
  expect(records.away("acc_1", 10)[0]).toMatchObject({ tasksDone: 5 });
});
