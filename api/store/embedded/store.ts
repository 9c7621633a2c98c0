import { randomBytes } from "node:crypto";
import { GridError } from "../../../protocol/errors.ts";
import type { NumberedEvent } from "../../../protocol/events.ts";
import { newId } from "../../../protocol/ids.ts";
import { eventsKeptMax } from "../../../protocol/limits.ts";
import { Listeners } from "../listeners.ts";
import { type StoreLog, silentLog } from "../log.ts";
import type { Store } from "../port.ts";
import { requestIds } from "../request-ids.ts";
import { openFileBlobs } from "./blobs.ts";
import { openDatabase } from "./database.ts";
import { EmbeddedEvents } from "./events.ts";
import { Garbage, wholeJob } from "./garbage.ts";
import { EmbeddedJobs } from "./jobs.ts";
import { Journal } from "./journal.ts";
import { embeddedMemos } from "./memos.ts";
import { Reader } from "./reader.ts";
import { resume } from "./resume.ts";

export interface EmbeddedStoreOptions {
  /** Made when it does not exist. One process at a time. */
  dataDir: string;
  clock?: () => number;
  log?: StoreLog;
}

/**
 * The store inside the API process: blobs as files, the state of running jobs in memory, written behind to SQLite.
 * A killed process resumes with a consistent, at most some 10 ms older state; its leases are gone.
 * @throws GridError store-unavailable when the directory cannot be used or another process uses it
 */
export async function openEmbeddedStore({
  dataDir,
  clock = Date.now,
  log = silentLog,
}: EmbeddedStoreOptions): Promise<Store> {
  const blobs = await openFileBlobs(dataDir);
  const db = openDatabase(dataDir);
  const reader = new Reader(db);
  const journal = new Journal(db, log);
  const garbage = new Garbage(db, log);
  const onError = (error: unknown) => log.error({ error }, "a listener of the store threw");
  const [jobListeners, eventListeners] = [new Listeners(onError), new Listeners(onError)];
  const active = resume(db, reader);

  const removeJobRow = db.prepare("DELETE FROM jobs WHERE job = ?");
  const addGarbage = db.prepare("INSERT OR IGNORE INTO garbage (job, stage) VALUES (?, ?)");
  const insertEvent = db.prepare(
    "INSERT INTO events (job, number, at_ms, event) VALUES (?, ?, ?, ?)",
  );
  const trimEvents = db.prepare("DELETE FROM events WHERE job = ? AND number <= ?");
  const readSecret = db.prepare<[string], { value: string }>(
    "SELECT value FROM secrets WHERE name = ?",
  );
  const insertSecret = db.prepare("INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)");

  const removeJob = db.transaction((job: number) => {
    removeJobRow.run(job);
    addGarbage.run(job, wholeJob);
  });
  const insertNow = db.transaction((job: number, events: readonly NumberedEvent[]) => {
    for (const { number, atMs, event } of events)
      insertEvent.run(job, number, atMs, JSON.stringify(event));
    trimEvents.run(job, (events.at(-1)?.number ?? 0) - eventsKeptMax);
  });

  const events = new EmbeddedEvents({
    active,
    reader,
    journal,
    listeners: eventListeners,
    insertNow,
  });
  return {
    blobs,
    jobs: new EmbeddedJobs({
      active,
      reader,
      journal,
      listeners: jobListeners,
      tell: (...told) => void events.appendTo(...told),
      removeJob,
      garbageMade: () => garbage.wake(),
      newToken: requestIds(`${newId("token", clock())}.`),
    }),
    events,
    memos: embeddedMemos(db),
    async ping() {
      try {
        reader.lastJob();
      } catch (cause) {
        throw new GridError("store-unavailable", "The store's database failed", {}, { cause });
      }
      journal.admit();
      return "ok";
    },
    async secret(name) {
      insertSecret.run(name, randomBytes(32).toString("hex"));
      return readSecret.get(name)!.value;
    },
    // The database's lock keeps other processes out.
    async present() {
      return [];
    },
    async close() {
      if (!db.open) return;
      jobListeners.clear();
      eventListeners.clear();
      garbage.close();
      try {
        journal.close();
      } finally {
        db.close();
      }
    },
  };
}
