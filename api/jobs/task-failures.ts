import { LRUCache } from "lru-cache";
import { type TaskFailure, taskFailuresMax } from "../../protocol/http-live.ts";
import type { EventStore } from "../store/port.ts";

const jobsMax = 1_000;
const eventsPerRead = 1_000;

interface Seen {
  /** Number of the last event that was looked at. */
  last: number;
  failures: TaskFailure[];
}

/** What went wrong with the tasks of jobs, from their events; those that were read once are not read again. */
export class TaskFailures {
  readonly #events: EventStore;
  readonly #seen = new LRUCache<string, Seen>({ max: jobsMax });

  constructor(events: EventStore) {
    this.#events = events;
  }

  /** The newest of a job, the newest last. */
  async of(id: string): Promise<TaskFailure[]> {
    let { last, failures } = this.#seen.get(id) ?? { last: 0, failures: [] };
    for (;;) {
      const events = await this.#events.read(id, last, eventsPerRead);
      const found = events.flatMap(({ event, atMs }): TaskFailure[] => {
        if (event.type !== "task") return [];
        const { type: _, ...failure } = event;
        return [{ ...failure, at: new Date(atMs).toISOString() }];
      });
      last = events.at(-1)?.number ?? last;
      failures = [...failures, ...found].slice(-taskFailuresMax);
      if (events.length < eventsPerRead) break;
    }
    this.#seen.set(id, { last, failures });
    return failures;
  }
}
