import type Database from "better-sqlite3";
import type { ActiveJob } from "./active-job.ts";
import { journalOpsMax } from "./journal.ts";
import type { Reader } from "./reader.ts";
import { TaskBoard } from "./task-board.ts";

/**
 * A crash loses the journal, and with it fewer event numbers than this (a journal of more operations is flushed before
 * a verb resolves). Each start skips so many, and writes that down before it gives one out, so that none is given out
 * twice however often the process dies.
 */
export const eventNumbersSkipped = journalOpsMax;

/** Jobs that have not ended, with everything pending that the disk does not know as answered. No lease survives. */
export function resume(db: Database.Database, reader: Reader): Map<string, ActiveJob> {
  const active = new Map<string, ActiveJob>();
  const setEventBase = db.prepare("UPDATE jobs SET event_base = ? WHERE job = ?");
  db.transaction(() => {
    for (const { job, spec, facts } of reader.activeJobs()) {
      const board = new TaskBoard(facts.stage.tasks, reader.done(job, facts.stage.number));
      const lastEvent = reader.lastEvent(job) + eventNumbersSkipped;
      setEventBase.run(lastEvent, job);
      active.set(spec.id, {
        job,
        spec,
        facts: { ...facts, done: board.done },
        board,
        earned: new Map(reader.earned(job).map((earning) => [earning.earner, earning])),
        lastEvent,
        stagesOnDisk: new Set(reader.stages(job)),
      });
    }
  }).immediate();
  return active;
}
