import type { JobEvent, NumberedEvent } from "../../../protocol/events.ts";
import { eventsKeptMax } from "../../../protocol/limits.ts";
import type { Listeners } from "../listeners.ts";
import type { EventStore } from "../port.ts";
import type { ActiveJob } from "./active-job.ts";
import type { Journal } from "./journal.ts";
import type { Reader } from "./reader.ts";

export interface EmbeddedEventsOptions {
  active: ReadonlyMap<string, ActiveJob>;
  reader: Reader;
  journal: Journal;
  listeners: Listeners;
  /** Writes events of an ended job at once. */
  insertNow: (job: number, events: readonly NumberedEvent[]) => void;
}

export class EmbeddedEvents implements EventStore {
  readonly #options: EmbeddedEventsOptions;

  constructor(options: EmbeddedEventsOptions) {
    this.#options = options;
  }

  /** Events of a job that does not exist are not kept; 0. */
  async append(id: string, events: readonly JobEvent[], nowMs: number): Promise<number> {
    const { active, reader, journal, listeners, insertNow } = this.#options;
    const job = active.get(id);
    let last: number;
    if (job) {
      journal.admit();
      return this.appendTo(job, events, nowMs);
    } else {
      const ended = reader.jobNumber(id);
      if (ended === undefined) return 0;
      const before = reader.lastEvent(ended);
      last = before + events.length;
      insertNow(ended, numbered(events, before, nowMs));
    }
    if (events.length > 0) listeners.notify(id, id);
    return last;
  }

  /** To a job that runs, at once. */
  appendTo(job: ActiveJob, events: readonly JobEvent[], nowMs: number): number {
    const { journal, listeners } = this.#options;
    journal.event(job, numbered(events, job.lastEvent, nowMs));
    job.lastEvent += events.length;
    journal.settle();
    const { id } = job.spec;
    if (events.length > 0) listeners.notify(id, id);
    return job.lastEvent;
  }

  async read(id: string, after: number, limit: number): Promise<NumberedEvent[]> {
    const { active, reader, journal } = this.#options;
    const job = active.get(id);
    const number = job?.job ?? reader.jobNumber(id);
    if (number === undefined) return [];
    const unwritten = job ? journal.unwrittenEvents(job) : [];
    const newest = unwritten.at(-1)?.number;
    const since = newest === undefined ? after : Math.max(after, newest - eventsKeptMax);
    const first = unwritten[0]?.number;
    const written =
      first !== undefined && since >= first - 1 ? [] : reader.events(number, since, limit);
    const rest = unwritten.filter((event) => event.number > since);
    return [...written, ...rest].slice(0, limit);
  }

  watch(id: string, listener: () => void): () => void {
    return this.#options.listeners.add(id, listener);
  }
}

function numbered(events: readonly JobEvent[], after: number, atMs: number): NumberedEvent[] {
  return events.map((event, i) => ({ number: after + 1 + i, atMs, event }));
}
