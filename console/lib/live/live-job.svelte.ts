import type { Job } from "../../../protocol/http-jobs.ts";
import { api } from "../api/index.ts";
import { type FedEvent, followJob } from "./event-feed.ts";
import { Rounds } from "./rounds.ts";

const logMax = 250;
/** The whole view is asked for at most so often while events come; what events tell is shown at once. */
const refreshMs = 1_000;
/** Sooner when its status changed; a job that is stepped changes it many times a second. */
const statusRefreshMs = 200;
/** The log is read, not watched: lines that come faster are shown together. */
const logEveryMs = 200;

export interface LogEntry {
  number: number;
  tone: "info" | "good" | "warn" | "bad";
  text: string;
}

/**
 * A job as it goes on: its view, kept up by its events. Events only fill plain arrays; what the page shows changes once
 * a frame, so a thousand events a second cost as much as sixty.
 */
export class LiveJob {
  readonly id: string;
  job: Job | undefined = $state.raw();
  error: unknown = $state.raw();
  connected = $state(true);
  /** Grows when `rounds` did. */
  roundsVersion = $state(0);
  log: readonly LogEntry[] = $state.raw([]);
  paramChanges: readonly { round: number; params: Record<string, unknown> }[] = $state.raw([]);
  readonly rounds = new Rounds();
  readonly #log: LogEntry[] = [];
  #pending: Partial<Job> = {};
  #roundsGrew = false;
  #logGrew = false;
  #logShownMs = Number.NEGATIVE_INFINITY;
  #logTimer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #unfollow: () => void = () => undefined;
  #lastEvent = 0;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #refreshedMs = 0;

  constructor(id: string) {
    this.id = id;
  }

  async open(): Promise<void> {
    // Together: each takes as long to be there as the network is slow.
    const listener = {
      event: (event: FedEvent) => this.#take(event),
      connected: (yes: boolean) => {
        this.connected = yes;
      },
    };
    this.#unfollow = followJob(this.id, listener, this.#lastEvent);
    await this.refresh();
    if (this.job === undefined) this.#unfollow();
  }

  close(): void {
    this.#unfollow();
    clearTimeout(this.#refresh);
    clearTimeout(this.#logTimer);
    cancelAnimationFrame(this.#frame);
  }

  /** Asks for the whole view now. */
  readonly refresh = async (): Promise<void> => {
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.#refreshedMs = performance.now();
    try {
      this.job = await api.json<Job>(`/v1/jobs/${encodeURIComponent(this.id)}`);
      this.error = undefined;
    } catch (error) {
      this.error = error;
    }
  };

  /** What an action on the job answered. */
  show(job: Job): void {
    this.job = job;
  }

  #refreshSoon(everyMs = refreshMs): void {
    if (this.#refresh !== undefined && everyMs >= refreshMs) return;
    clearTimeout(this.#refresh);
    const waitMs = Math.max(0, this.#refreshedMs + everyMs - performance.now());
    this.#refresh = setTimeout(() => void this.refresh(), waitMs);
  }

  #take(event: FedEvent): void {
    this.#lastEvent = event.number;
    switch (event.type) {
      case "status":
        this.#pending.status = event.status;
        this.#note(event, statusTones[event.status], statusText(event));
        this.#refreshSoon(statusRefreshMs);
        break;
      case "progress": {
        const { stage, round, done, total, fuel } = event;
        Object.assign(this.#pending, { stage, round, fuel, progress: { done, total } });
        this.#refreshSoon();
        break;
      }
      case "round":
        this.rounds.add(event.round, event.metrics, event.ms);
        this.#roundsGrew = true;
        this.#pending.round = event.round;
        this.#pending.metrics = event.metrics;
        this.#refreshSoon();
        break;
      case "params": {
        const { round, params } = event;
        this.paramChanges = [...this.paramChanges, { round, params }];
        this.#note(event, "info", `${listed(params)} from round ${round} on`);
        break;
      }
      case "task": {
        const { lo, hi, state, reason } = event;
        const which = hi - lo === 1 ? `Task ${lo}` : `Tasks ${lo} to ${hi - 1}`;
        this.#note(event, state === "failed" ? "bad" : "warn", `${which} ${state}: ${reason}`);
        break;
      }
      case "settle":
        this.#pending.cost = event.cost;
        this.#refreshSoon();
        break;
      case "log":
        this.#note(event, "info", event.line);
        break;
    }
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#show());
  }

  #note({ number }: FedEvent, tone: LogEntry["tone"], text: string): void {
    this.#log.push({ number, tone, text });
    if (this.#log.length > 2 * logMax) this.#log.splice(0, this.#log.length - logMax);
    this.#logGrew = true;
  }

  #show(): void {
    this.#frame = 0;
    if (this.job !== undefined) this.job = { ...this.job, ...this.#pending };
    this.#pending = {};
    if (this.#roundsGrew) this.roundsVersion++;
    this.#roundsGrew = false;
    if (this.#logGrew) this.#showLog();
  }

  #showLog(): void {
    const waitMs = this.#logShownMs + logEveryMs - performance.now();
    if (waitMs <= 0) {
      this.#logShownMs = performance.now();
      this.#logGrew = false;
      this.log = this.#log.slice(-logMax);
      return;
    }
    this.#logTimer ??= setTimeout(() => {
      this.#logTimer = undefined;
      this.#showLog();
    }, waitMs);
  }
}

const statusTones = {
  queued: "info",
  running: "info",
  paused: "warn",
  succeeded: "good",
  failed: "bad",
  cancelled: "warn",
} as const;

function statusText(event: FedEvent & { type: "status" }): string {
  const { status, note, error, pausedBy } = event;
  const why = note ?? error?.message ?? pausedBy?.map((cause) => `by the ${cause}`).join(", ");
  return why === undefined ? `The job is ${status}` : `The job is ${status}: ${why}`;
}

function listed(params: Record<string, unknown>): string {
  return Object.entries(params)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(", ");
}
