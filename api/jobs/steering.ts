import type { JobEvent } from "../../protocol/events.ts";
import type { JobSpec, JobState, PauseCause } from "../../protocol/job.ts";
import type { Store } from "../store/port.ts";

export interface SteeringDeps {
  store: Store;
  clock: () => number;
  /** The job has work for runners again. */
  onStage: (job: string) => void;
  /** The job was paused: runners that would go on and on with it must stop. */
  onPaused: (job: string) => void;
  /** The job was paused, or goes on. */
  onStatus: (job: string) => void;
  /** The job has changed parameters: runners that would go on and on with it must know. */
  onParams: (job: string) => void;
}

/** What consumers and payments do to jobs that run: in the store, for runners, and for who watches. */
export class Steering {
  readonly #deps: SteeringDeps;

  constructor(deps: SteeringDeps) {
    this.#deps = deps;
  }

  /**
   * Nothing more of the job is handed out. What runners are at is still taken in and counted.
   * - paused; - held: others had paused it, too; - already: this one has, or it has ended
   */
  async pause(id: string, by: PauseCause, reason: string): Promise<"paused" | "held" | "already"> {
    const { store, onPaused } = this.#deps;
    const outcome = await store.jobs.pause(id, by, { reason });
    if (outcome === "already") return outcome;
    onPaused(id);
    await this.#told(id);
    return outcome;
  }

  /**
   * @param rounds to do before it pauses again; without, it goes on
   * - resumed: it goes on; - held: someone else has paused it; - already: it was not paused by this one
   */
  async resume(
    id: string,
    by: PauseCause,
    rounds?: number,
  ): Promise<"resumed" | "held" | "already"> {
    const { store, clock, onStage } = this.#deps;
    const steps = rounds === undefined ? {} : { rounds };
    const outcome = await store.jobs.resume(id, by, { nowMs: clock(), ...steps });
    if (outcome === "already" || (outcome === "held" && rounds !== undefined)) return outcome;
    onStage(id);
    await this.#told(id);
    return outcome;
  }

  /** It paused by itself, having done its step. */
  async stepped(id: string): Promise<void> {
    await this.#told(id);
  }

  /** - changed: from the next round on; - ended; - full: it has so many changes already */
  async changeParams(
    id: string,
    params: JobSpec["params"],
    changesMax: number,
  ): Promise<"changed" | "ended" | "full"> {
    const { store, clock, onParams } = this.#deps;
    const outcome = await store.jobs.changeParams(id, params, { nowMs: clock(), changesMax });
    if (outcome === "changed") onParams(id);
    return outcome;
  }

  /** The status as it is now: two who change it at once are told of in either order, and the last word is true. */
  async #told(id: string): Promise<void> {
    const { store, clock, onStatus } = this.#deps;
    const state = await store.jobs.read(id);
    if (state?.endedAtMs === undefined && state)
      await store.events.append(id, [statusEvent(state)], clock());
    onStatus(id);
  }
}

function statusEvent({ status, pauses = {}, stepUntil }: JobState): JobEvent {
  const pausedBy = pausedByOf(pauses);
  if (status === "paused")
    return { type: "status", status, note: Object.values(pauses).join(" "), pausedBy };
  const note = stepUntil === undefined ? "resumed" : `until round ${stepUntil} is done`;
  return { type: "status", status, note };
}

export function pausedByOf(pauses: JobState["pauses"]): PauseCause[] {
  return Object.keys(pauses ?? {}).sort() as PauseCause[];
}
