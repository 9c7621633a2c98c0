import type { JobState } from "../../protocol/job.ts";
import type { Store } from "../store/port.ts";

/** A job is looked at for what others did to it at most so often. */
const statusCheckMs = 500;

export interface RemoteStatusDeps {
  store: Store;
  clock: () => number;
  /** Whether runners work for it here. */
  isAtWork: (job: string) => boolean;
  /** The job as it is now; undefined when it is gone. */
  onSeen: (job: string, state: JobState | undefined) => void;
  quietly: (work: () => Promise<unknown>) => Promise<void>;
}

/**
 * What other processes do to jobs that runners here work for. A change that is overlooked, since it came too soon after
 * another, is found with the next answer or renewal.
 */
export class RemoteStatus {
  readonly #deps: RemoteStatusDeps;
  readonly #seenAtMs = new Map<string, number>();

  constructor(deps: RemoteStatusDeps) {
    this.#deps = deps;
  }

  /** The store says that something about the job changed. */
  changed(job: string): void {
    const { store, clock, isAtWork, onSeen, quietly } = this.#deps;
    const nowMs = clock();
    if (nowMs - (this.#seenAtMs.get(job) ?? 0) < statusCheckMs || !isAtWork(job)) return;
    this.#seenAtMs.set(job, nowMs);
    void quietly(async () => onSeen(job, await store.jobs.read(job)));
  }

  forget(job: string): void {
    this.#seenAtMs.delete(job);
  }
}
