import type { RunnerSession } from "./session.ts";

/** A runner is cut off after this many heartbeats of silence, as it gives up a gateway; a lease lives longer. */
const silentHeartbeatsMax = 2.5;

export interface SilenceWatchOptions {
  sessions: ReadonlyMap<string, RunnerSession>;
  clock: () => number;
  heartbeatMs: number;
  /** How often `tick` is called, ms. */
  tickMs: number;
  /** A suspect was heard again: it may be given work. */
  onTrusted: () => void;
}

/** Finds runners that stalled or vanished without a word. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #tickedAtMs = 0;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  heard(session: RunnerSession | undefined): void {
    if (session?.heard(this.#options.clock())) this.#options.onTrusted();
  }

  /** A machine that vanished sends no FIN: without this it would be given every round's shards anew. */
  tick(): void {
    const nowMs = this.#options.clock();
    // After a pause of this very process, what runners said meanwhile is still unread.
    if (nowMs - this.#tickedAtMs > this.#options.tickMs * 5) {
      for (const session of this.#options.sessions.values()) session.heardAtMs = nowMs;
    }
    this.#tickedAtMs = nowMs;
    for (const session of this.#options.sessions.values()) {
      if (nowMs - session.heardAtMs > silentHeartbeatsMax * this.#options.heartbeatMs)
        session.cutOff();
    }
  }

  /** Work of a stage was copied: whoever holds the original gets nothing more until it is heard again. */
  suspect(job: string, stage: number, lo: number, hi: number): void {
    for (const session of this.#options.sessions.values()) {
      for (const lease of session.leases.values()) {
        const isCopied = lease.job === job && lease.stage === stage && !lease.backup;
        if (isCopied && lease.next < hi && lease.hi > lo) session.suspect = true;
      }
    }
  }
}
