import type { Readable } from "node:stream";
import { GridError } from "../../protocol/errors.ts";
import { paramChangesMax } from "../../protocol/http-live.ts";
import type { JobSpec, JobState, PauseCause } from "../../protocol/job.ts";
import type { RunnerGateway } from "../gateway/gateway.ts";
import type { Jobs, RunnerInfo } from "../ports.ts";
import type { Store } from "../store/port.ts";
import type { JobViews } from "./job-view.ts";
import { plan } from "./plan.ts";
import { resultStream } from "./result.ts";

export interface JobsDeps {
  store: Store;
  views: JobViews;
  gateway: RunnerGateway;
  /** Why a job waits when these runners are connected. */
  waitingFor: (spec: JobSpec, runners: readonly RunnerInfo[]) => string | undefined;
  clock: () => number;
}

const submittedPaused = "It was submitted paused; resume it, or do rounds of it.";

/** What the HTTP routes ask of jobs. */
export class JobService implements Jobs {
  readonly #deps: JobsDeps;

  constructor(deps: JobsDeps) {
    this.#deps = deps;
  }

  async submit(
    spec: JobSpec,
    { paused = false }: { paused?: boolean | undefined } = {},
  ): Promise<"created" | "exists"> {
    const { store, views, gateway, clock } = this.#deps;
    const { input } = spec;
    const shards = input.type === "dataset" ? (await views.manifest(input.manifest)).shards : [];
    const outcome = await store.jobs.create(spec, plan(spec, shards));
    if (outcome === "created") {
      const event = { type: "status", status: "queued" } as const;
      await store.events.append(spec.id, [event], clock());
      if (paused) await gateway.steering.pause(spec.id, "consumer", submittedPaused);
    }
    gateway.wake(spec.id);
    return outcome;
  }

  read(id: string): Promise<JobState | undefined> {
    return this.#deps.store.jobs.read(id);
  }

  async cancel(id: string): Promise<JobState> {
    await this.#require(id);
    await this.#deps.gateway.progress.end(id, "cancelled");
    return this.#require(id);
  }

  async pause(id: string, by: PauseCause, reason: string): Promise<JobState> {
    await this.#require(id);
    await this.#deps.gateway.steering.pause(id, by, reason);
    return this.#require(id);
  }

  async resume(id: string, by: PauseCause): Promise<JobState> {
    await this.#require(id);
    await this.#deps.gateway.steering.resume(id, by);
    return this.#require(id);
  }

  step(id: string, rounds: number): Promise<"resumed" | "held" | "already"> {
    return this.#deps.gateway.steering.resume(id, "consumer", rounds);
  }

  changeParams(id: string, params: JobSpec["params"]): Promise<"changed" | "ended" | "full"> {
    return this.#deps.gateway.steering.changeParams(id, params, paramChangesMax);
  }

  async result(id: string): Promise<{ contentType: string; body: Readable }> {
    return resultStream(this.#deps.store, await this.#require(id));
  }

  waitingFor({ spec, status, pauses }: JobState): string | undefined {
    if (status === "paused") return Object.values(pauses ?? {}).join(" ") || "It is paused.";
    const { gateway, waitingFor } = this.#deps;
    return waitingFor(spec, gateway.runners());
  }

  async #require(id: string): Promise<JobState> {
    const state = await this.#deps.store.jobs.read(id);
    if (!state) throw new GridError("not-found", `There is no job ${id}.`);
    return state;
  }
}
