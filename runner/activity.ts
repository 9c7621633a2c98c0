import type { RunnerJob } from "../protocol/gateway-to-runner.ts";
import type { Entry } from "../protocol/job.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import { FollowedJob } from "./followed-job.ts";
import type { RunMessage } from "./messages.ts";

/** What a runner is at, for its owner to see. */
export interface Activity {
  /** Slots that work, of all. */
  busy: number;
  slots: number;
  leases: HeldLeaseView[];
  /** Synchronous calls, by function. */
  calls: { function: string; count: number }[];
  /** Tasks and calls answered since the start. */
  tasksDone: number;
  callsDone: number;
}

export interface HeldLeaseView {
  job: string;
  /** The function's name, or what its bundle is called when the gateway is older. */
  function: string;
  entry: Entry;
  /** Of an iterative job. */
  round?: number;
  /** Tasks that it holds. */
  tasks: number;
}

/** @param work what is done for the lease, once its job is known */
export function leaseView(
  run: RunMessage,
  job: RunnerJob | undefined,
  work: unknown,
): HeldLeaseView {
  const round = work instanceof FollowedJob ? work.round : run.round;
  return {
    job: run.job,
    function: job?.function ?? job?.bundle.slice(0, 12) ?? "",
    entry: run.entry,
    ...(round > 0 && { round }),
    tasks: run.hi - run.lo,
  };
}

/** Counts what was answered. */
export class Answered {
  #tasks = 0;
  #calls = 0;

  get counts(): { tasksDone: number; callsDone: number } {
    return { tasksDone: this.#tasks, callsDone: this.#calls };
  }

  count(message: RunnerToGateway): void {
    if (message.type === "result") this.#tasks += message.hi - message.lo;
    else if (message.type === "round") this.#tasks++;
    else if (message.type === "called") this.#calls++;
  }
}
