import type { JobEvent, NumberedEvent } from "../../../protocol/events.ts";
import { eventsKeptMax } from "../../../protocol/limits.ts";
import type { EventStore } from "../port.ts";
import type { Connection } from "./connection.ts";
import { eventsKey, jobKey } from "./keys.ts";
import type { Notices } from "./notices.ts";

export interface RedisEventsOptions {
  connection: Connection;
  notices: Notices;
  newRequest: () => string;
}

/** A stream per job whose entries are named by the events' numbers. */
export class RedisEvents implements EventStore {
  readonly #options: RedisEventsOptions;

  constructor(options: RedisEventsOptions) {
    this.#options = options;
  }

  /** Events of a job that does not exist are not kept; 0. */
  async append(id: string, events: readonly JobEvent[], nowMs: number): Promise<number> {
    const { connection, notices, newRequest } = this.#options;
    const texts = events.map((event) => JSON.stringify(event));
    const args = [newRequest(), nowMs, eventsKeptMax, ...texts];
    const last = Number(await connection.call("append", jobKey(id), args));
    if (last > 0 && events.length > 0) notices.eventsAppended(id);
    return last;
  }

  async read(id: string, after: number, limit: number): Promise<NumberedEvent[]> {
    const { connection } = this.#options;
    if (limit <= 0) return [];
    const from = `${Math.max(0, after) + 1}-0`;
    const rows = await connection.text("xrange", eventsKey(id), from, "+", "COUNT", limit);
    return (rows as [string, [string, string, string, string]][]).map(([name, fields]) => ({
      number: Number(name.slice(0, name.indexOf("-"))),
      atMs: Number(fields[1]),
      event: JSON.parse(fields[3]) as JobEvent,
    }));
  }

  watch(id: string, listener: () => void): () => void {
    return this.#options.notices.watchEvents(id, listener);
  }
}
