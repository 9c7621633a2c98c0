import type { ErrorBody } from "../../protocol/errors.ts";
import { attemptsMax } from "../../protocol/limits.ts";
import type { RunnerGateway } from "../gateway/gateway.ts";
import type { Store } from "../store/port.ts";
import { lostError } from "./progress.ts";

export interface SweeperDeps {
  store: Store;
  gateway: RunnerGateway;
  clock: () => number;
  everyMs: number;
  onError: (error: unknown) => void;
}

/**
 * Makes good what a dead process left behind, for every active job, from any gateway: leases past their deadline go
 * back to pending, a finished stage that nobody advanced is advanced. Every step is idempotent, so sweeps may overlap.
 */
export class Sweeper {
  readonly #deps: SweeperDeps;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.#start(), deps.everyMs);
    this.#timer.unref();
    this.#start();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #start(): void {
    if (this.#running) return;
    this.#running = this.#sweep()
      .catch(this.#deps.onError)
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #sweep(): Promise<void> {
    const { store, gateway, clock } = this.#deps;
    for (const job of await store.jobs.active()) {
      const { requeued, exhausted } = await store.jobs.expire(job, clock(), attemptsMax);
      if (exhausted) {
        const error: ErrorBody = lostError(attemptsMax);
        await gateway.progress.end(job, "failed", error);
        continue;
      }
      await gateway.progress.repair(job);
      if (requeued > 0) gateway.wake(job);
    }
  }
}
