import { setTimeout as sleep } from "node:timers/promises";
import { Listeners } from "../listeners.ts";
import type { StoreLog } from "../log.ts";
import type { Connection } from "./connection.ts";
import { activeKey, eventsKey, jobKey, jobsChannel } from "./keys.ts";

/** Published messages may be lost with a connection; this often, what is watched is looked at. */
const sweepEveryMs = 2000;
const anyJob = "";

/**
 * Changes of jobs and new events, from this process at once and from others through publish/subscribe, with a periodic
 * sweep as the repair. A message begins with its sender's name, so that one's own are not heard twice.
 */
export class Notices {
  readonly #connection: Connection;
  readonly #log: StoreLog;
  readonly #sender: string;
  readonly #jobs: Listeners;
  readonly #events: Listeners;
  readonly #jobVersions = new Map<string, string>();
  readonly #eventCounts = new Map<string, string>();

  constructor(connection: Connection, sender: string, log: StoreLog) {
    this.#connection = connection;
    this.#sender = sender;
    this.#log = log;
    const onError = (error: unknown) => log.error({ error }, "a listener of the store threw");
    this.#jobs = new Listeners(onError);
    this.#events = new Listeners(onError);
    connection.onMessage((channel, message) => this.#heard(channel, message));
    void this.#sweepForEver();
  }

  watchJobs(listener: (id: string) => void): () => void {
    if (!this.#jobs.has(anyJob)) this.#subscribe(jobsChannel);
    const end = this.#jobs.add(anyJob, listener);
    return () => {
      end();
      if (this.#jobs.has(anyJob)) return;
      this.#jobVersions.clear();
      this.#unsubscribe(jobsChannel);
    };
  }

  watchEvents(id: string, listener: () => void): () => void {
    const first = !this.#events.has(id);
    const end = this.#events.add(id, listener);
    // Events between the watcher's last read and the subscription are not lost: it is called once.
    if (first) this.#subscribe(eventsKey(id), () => this.#events.notify(id, id));
    return () => {
      end();
      if (this.#events.has(id)) return;
      this.#eventCounts.delete(id);
      this.#unsubscribe(eventsKey(id));
    };
  }

  jobChanged(id: string): void {
    this.#jobs.notify(anyJob, id);
  }

  eventsAppended(id: string): void {
    this.#events.notify(id, id);
  }

  close(): void {
    this.#jobs.clear();
    this.#events.clear();
  }

  #heard(channel: string, message: string): void {
    if (message.startsWith(this.#sender)) return;
    if (channel === jobsChannel) {
      this.jobChanged(message.slice(message.indexOf(" ") + 1));
      return;
    }
    const id = /\{(.*)\}/.exec(channel)?.[1];
    if (id !== undefined) this.eventsAppended(id);
  }

  #subscribe(channel: string, then: () => void = () => {}): void {
    this.#connection.subscribe(channel).then(then, (error: unknown) => {
      if (!this.#connection.closed.aborted)
        this.#log.warn({ error, channel }, "not subscribed; the sweep stands in");
    });
  }

  #unsubscribe(channel: string): void {
    this.#connection.unsubscribe(channel).catch(() => {});
  }

  async #sweepForEver(): Promise<void> {
    const { closed } = this.#connection;
    while (!closed.aborted) {
      await sleep(sweepEveryMs, undefined, { signal: closed, ref: false }).catch(() => {});
      if (closed.aborted) return;
      await this.#sweep().catch((error: unknown) => {
        if (!closed.aborted) this.#log.warn({ error }, "the store's sweep failed");
      });
    }
  }

  async #sweep(): Promise<void> {
    if (this.#jobs.has(anyJob)) {
      const ids = (await this.#connection.text("hkeys", activeKey)) as string[];
      const ended = [...this.#jobVersions.keys()].filter((id) => !ids.includes(id));
      for (const id of ended) {
        this.#jobVersions.delete(id);
        this.jobChanged(id);
      }
      const changed = await this.#changedSince(ids, "version", this.#jobVersions);
      for (const id of changed) this.jobChanged(id);
    }
    const changed = await this.#changedSince(this.#events.keys(), "events", this.#eventCounts);
    for (const id of changed) this.eventsAppended(id);
  }

  async #changedSince(
    ids: readonly string[],
    field: string,
    seen: Map<string, string>,
  ): Promise<string[]> {
    const values = await Promise.all(
      ids.map((id) => this.#connection.text("hget", jobKey(id), field)),
    );
    return ids.filter((id, i) => {
      const value = values[i] as string | null;
      if (value === null || seen.get(id) === value) return false;
      seen.set(id, value);
      return true;
    });
  }
}
