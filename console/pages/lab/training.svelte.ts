import type { Job, SubmitRequest } from "../../../protocol/http-jobs.ts";
import type { JobStateView } from "../../../protocol/http-live.ts";
import { api } from "../../lib/api/index.ts";
import { LiveJob } from "../../lib/live/live-job.svelte.ts";

/** So often at most the newest state is asked for: it is a model, not a figure. */
const stateEveryMs = 120;
/** Changes of a slider that is being dragged are sent together. */
const changeAfterMs = 60;

/** A job that is trained by hand: begun, changed, paused and stepped, with its newest state. */
export class Training {
  live: LiveJob | undefined = $state.raw();
  /** What it would result in now, and of which round. */
  state: JobStateView | undefined = $state.raw();
  error: unknown = $state.raw();
  busy = $state(false);
  /** Rounds a second while it is paced; undefined: as fast as it goes. */
  pace: number | undefined = $state();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pacer: ReturnType<typeof setInterval> | undefined;
  #asking = false;
  #changes: Record<string, unknown> = {};
  #changing: ReturnType<typeof setTimeout> | undefined;

  get job(): Job | undefined {
    return this.live?.job;
  }

  get ended(): boolean {
    return this.job?.endedAt !== undefined;
  }

  get paused(): boolean {
    return this.job?.status === "paused";
  }

  /** The constant that stands for the model as it is now; undefined before there is one. */
  get model(): string | undefined {
    if (this.job === undefined) return undefined;
    if (this.job.status === "succeeded") return `job:${this.job.id}`;
    return this.ended || this.state === undefined ? undefined : `job:${this.job.id}@latest`;
  }

  async start(request: SubmitRequest): Promise<void> {
    this.stopWatching();
    await this.#attempt(async () => {
      const paced = this.pace !== undefined;
      const json = paced ? { ...request, paused: true } : request;
      const job = await api.json<Job>("/v1/jobs", { method: "POST", json });
      const live = new LiveJob(job.id);
      live.show(job);
      this.live = live;
      this.state = undefined;
      await live.open();
      this.#watchState();
      this.#walk();
    });
  }

  async pause(): Promise<void> {
    clearInterval(this.#pacer);
    this.#pacer = undefined;
    await this.#verb("pause");
  }

  async resume(): Promise<void> {
    if (this.pace === undefined) await this.#verb("resume");
    else this.#walk();
  }

  step(): Promise<void> {
    return this.#verb("step");
  }

  async cancel(): Promise<void> {
    clearInterval(this.#pacer);
    await this.#verb("cancel");
  }

  /** Whether rounds are being made one by one at the chosen pace. */
  walking = $state(false);

  setPace(pace: number | undefined): void {
    this.pace = pace;
    if (this.job === undefined || this.ended) return;
    const going = this.walking || this.job.status === "running";
    clearInterval(this.#pacer);
    this.#pacer = undefined;
    this.walking = false;
    if (!going) return;
    if (pace === undefined) void this.#verb("resume");
    else void this.#verb("pause").then(() => this.#walk());
  }

  /** The next round uses it. */
  change(name: string, value: unknown): void {
    this.#changes[name] = value;
    if (this.job === undefined || this.ended) return;
    this.#changing ??= setTimeout(() => {
      this.#changing = undefined;
      const params = this.#changes;
      this.#changes = {};
      void this.#attempt(async () => {
        const path = `/v1/jobs/${encodeURIComponent(this.job?.id ?? "")}/params`;
        this.live?.show(await api.json<Job>(path, { method: "PATCH", json: { params } }));
      });
    }, changeAfterMs);
  }

  stopWatching(): void {
    this.live?.close();
    clearTimeout(this.#timer);
    clearTimeout(this.#changing);
    clearInterval(this.#pacer);
    this.#changing = undefined;
    this.#pacer = undefined;
    this.walking = false;
    this.#changes = {};
  }

  #walk(): void {
    if (this.pace === undefined) return;
    clearInterval(this.#pacer);
    this.walking = true;
    this.#pacer = setInterval(() => {
      if (this.ended) {
        clearInterval(this.#pacer);
        this.walking = false;
      } else if (!this.busy) void this.#verb("step", true);
    }, 1_000 / this.pace);
  }

  async #verb(verb: "pause" | "resume" | "step" | "cancel", quiet = false): Promise<void> {
    if (verb !== "step") this.walking = false;
    await this.#attempt(async () => {
      const path = `/v1/jobs/${encodeURIComponent(this.job?.id ?? "")}/${verb}`;
      const job = await api.json<Job>(path, { method: "POST" });
      if (!quiet) this.live?.show(job);
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.error = undefined;
    try {
      await work();
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }

  /** The newest state, whenever there were rounds since the last. */
  #watchState(): void {
    const { live } = this;
    let shown = -1;
    const look = async () => {
      if (live === undefined || live !== this.live) return;
      const version = live.roundsVersion;
      const last = live.job?.endedAt !== undefined;
      if (version !== shown && version > 0 && !this.#asking) {
        shown = version;
        this.#asking = true;
        const path = `/v1/jobs/${encodeURIComponent(live.id)}/state`;
        // What is not there yet will be after the next round.
        this.state = await api.json<JobStateView>(path).catch(() => this.state);
        this.#asking = false;
      } else if (last) return;
      this.#timer = setTimeout(() => void look(), stateEveryMs);
    };
    void look();
  }
}
