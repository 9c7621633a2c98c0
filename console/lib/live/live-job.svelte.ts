import type { Job } from "../../../protocol/http-jobs.ts";
import { api } from "../api/index.ts";
import { type FedEvent, followJob } from "./event-feed.ts";
import { Rounds } from "./rounds.ts";

const logMax = 400;
/** The whole view is asked for at most so often while events come; what events tell is shown at once. */
const refreshMs = 1_000;

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
  #frame = 0;
  #unfollow: () => void = () => undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #refreshedMs = 0;
  #closed = false;

  constructor(id: string) {
    this.id = id;
  }

  async open(): Promise<void> {
    await this.refresh();
    if (this.#closed || this.job === undefined) return;
    this.#unfollow = followJob(this.id, {
      event: (event) => this.#take(event),
      connected: (yes) => {
        this.connected = yes;
      },
    });
  }

  close(): void {
    this.#closed = true;
    this.#unfollow();
    clearTimeout(this.#refresh);
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

  #refreshSoon(urgent = false): void {
    if (this.#refresh !== undefined && !urgent) return;
    clearTimeout(this.#refresh);
    const waitMs = urgent ? 0 : Math.max(0, this.#refreshedMs + refreshMs - performance.now());
    this.#refresh = setTimeout(() => void this.refresh(), waitMs);
  }

  #take(event: FedEvent): void {
    switch (event.type) {
      case "status":
        this.#pending.status = event.status;
        this.#note(event, statusTones[event.status], statusText(event));
        this.#refreshSoon(true);
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
    if (this.#logGrew) this.log = this.#log.slice(-logMax);
    this.#roundsGrew = false;
    this.#logGrew = false;
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
