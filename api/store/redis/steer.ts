import type { JobSpec, PauseCause } from "../../../protocol/job.ts";
import type { JobStore } from "../port.ts";
import type { Argument, Connection } from "./connection.ts";

/** Calls a verb of a job. */
export type Call = (
  name: Parameters<Connection["call"]>[0],
  id: string,
  args: readonly Argument[],
) => Promise<string>;

/** The verbs by which people steer a running job. */
export class RedisSteer implements Pick<JobStore, "pause" | "resume" | "changeParams"> {
  readonly #call: Call;
  readonly #changed: (id: string) => void;

  /** @param changed the job was changed by this process */
  constructor(call: Call, changed: (id: string) => void) {
    this.#call = call;
    this.#changed = changed;
  }

  async pause(
    id: string,
    by: PauseCause,
    { reason }: { reason: string },
  ): Promise<"paused" | "held" | "already"> {
    const outcome = await this.#call("pause", id, [by, reason]);
    if (outcome !== "already") this.#changed(id);
    return outcome as "paused" | "held" | "already";
  }

  async resume(
    id: string,
    by: PauseCause,
    { nowMs, rounds = "" }: { nowMs: number; rounds?: number | "" },
  ): Promise<"resumed" | "held" | "already"> {
    const outcome = await this.#call("resume", id, [by, nowMs, rounds]);
    if (outcome !== "already") this.#changed(id);
    return outcome as "resumed" | "held" | "already";
  }

  async changeParams(
    id: string,
    params: JobSpec["params"],
    { nowMs, changesMax }: { nowMs: number; changesMax: number },
  ): Promise<"changed" | "ended" | "full"> {
    const change = JSON.stringify({ params, atMs: nowMs });
    const outcome = await this.#call("change_params", id, [change, changesMax]);
    if (outcome === "changed") this.#changed(id);
    return outcome as "changed" | "ended" | "full";
  }
}
