import type { Readable } from "node:stream";
import { GridError } from "../../protocol/errors.ts";
import { UploadSession } from "./upload-session.ts";

/** A splitter holds up to some 16 MB, and what waits for nobody costs them all the same. */
export const idleMax = 16;
export const idlePerAccountMax = 3;
export const sessionsMax = 256;
/** A laptop that was closed for a while, a network that was changed. */
export const idleMsDefault = 15 * 60_000;
/** Blobs that an upload has stored keep the sweep from removing others as long as it lasts. */
const lifeMsMax = 24 * 3_600_000;

interface Entry<T> {
  account: string;
  session: UploadSession<T>;
  idleSinceMs: number | undefined;
  timer: NodeJS.Timeout | undefined;
  life: NodeJS.Timeout;
}

export interface UploadSessionsOptions {
  clock: () => number;
  /** How long an upload waits for its next connection. */
  idleMs?: number;
}

/**
 * Uploads that may go on after their connection broke, by account and Idempotency-Key. They live in this process alone: a
 * splitter that has seen half of a file cannot be written down cheaply, and a restart is rare. Bounded in number and in
 * time; those that wait longest go first.
 */
export class UploadSessions<T> {
  readonly #clock: () => number;
  readonly #idleMs: number;
  readonly #entries = new Map<string, Entry<T>>();

  constructor({ clock, idleMs = idleMsDefault }: UploadSessionsOptions) {
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(account: string, key: string): UploadSession<T> | undefined {
    return this.#entries.get(nameOf(account, key))?.session;
  }

  /**
   * A new upload; one of the same key that waits is given up for it.
   * @throws GridError too-many-requests when that one is under way, queue-full
   */
  begin(
    { account, key, totalBytes }: { account: string; key: string; totalBytes: number | undefined },
    store: (body: Readable) => Promise<T>,
  ): UploadSession<T> {
    const name = nameOf(account, key);
    const before = this.#entries.get(name);
    before?.session.dropStalled();
    if (before?.session.isBusy)
      throw new GridError("too-many-requests", "This upload is under way on another connection.");
    before?.session.abort("it began anew");
    this.#remove(name);
    if (this.#entries.size >= sessionsMax && !this.#giveUp(() => true))
      throw new GridError("queue-full", "Too many uploads are under way.");
    const session = new UploadSession<T>({
      totalBytes,
      store,
      clock: this.#clock,
      onIdle: (idle) => this.#idle(name, session, idle),
      onOver: () => {
        if (this.#entries.get(name)?.session === session) this.#remove(name);
      },
    });
    const life = setTimeout(() => session.abort("it took too long"), lifeMsMax);
    life.unref();
    this.#entries.set(name, { account, session, idleSinceMs: undefined, timer: undefined, life });
    return session;
  }

  close(): void {
    for (const [name, { session }] of this.#entries) {
      session.abort("the server is shutting down");
      this.#remove(name);
    }
  }

  #idle(name: string, session: UploadSession<T>, idle: boolean): void {
    const entry = this.#entries.get(name);
    if (entry?.session !== session) return;
    clearTimeout(entry.timer);
    entry.idleSinceMs = idle ? this.#clock() : undefined;
    if (!idle) return;
    entry.timer = setTimeout(() => session.abort("nobody went on with it"), this.#idleMs);
    entry.timer.unref();
    const { account } = entry;
    if (this.#countIdle((one) => one.account === account) > idlePerAccountMax)
      this.#giveUp((one) => one.account === account);
    if (this.#countIdle(() => true) > idleMax) this.#giveUp(() => true);
  }

  #countIdle(counts: (entry: Entry<T>) => boolean): number {
    let count = 0;
    for (const entry of this.#entries.values())
      if (entry.idleSinceMs !== undefined && counts(entry)) count++;
    return count;
  }

  /** Ends the one that has waited longest of those. Returns whether there was one. */
  #giveUp(which: (entry: Entry<T>) => boolean): boolean {
    let oldest: [name: string, sinceMs: number] | undefined;
    for (const [name, entry] of this.#entries) {
      const { idleSinceMs } = entry;
      if (idleSinceMs === undefined || !which(entry)) continue;
      if (oldest === undefined || idleSinceMs < oldest[1]) oldest = [name, idleSinceMs];
    }
    if (oldest === undefined) return false;
    this.#entries.get(oldest[0])!.session.abort("others needed its place");
    this.#remove(oldest[0]);
    return true;
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    clearTimeout(entry.timer);
    clearTimeout(entry.life);
    this.#entries.delete(name);
  }
}

/** Neither an account's id nor a header has a line break. */
function nameOf(account: string, key: string): string {
  return `${account}\n${key}`;
}
