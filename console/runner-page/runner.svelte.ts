import { untrack } from "svelte";
import type { RunnerEarnings } from "../../protocol/http-runner-earnings.ts";
import type {
  RunnerLogLine,
  RunnerPageState,
  RunnerSamples,
  RunnerUpdate,
} from "../../protocol/http-runner-page.ts";
import { pageTokenHeader } from "../../protocol/runner-page.ts";
import type { RunnerSettingsChange } from "../../protocol/runner-settings.ts";
import { errorOf } from "../lib/api/request.ts";

export type Sample = RunnerSamples["items"][number];

const samplesMax = 300;
const linesMax = 300;
/** What the server says of earnings and updates is asked for so often; sooner while it has not said anything. */
const askEveryMs = 30_000;
const askAgainMs = 3_000;

/** The runner on this machine, as its page sees it: live, and how to change it. */
export class LocalRunner {
  state: RunnerPageState | undefined = $state.raw();
  samples: readonly Sample[] = $state.raw([]);
  lines: readonly RunnerLogLine[] = $state.raw([]);
  earnings: RunnerEarnings | undefined = $state.raw();
  update: RunnerUpdate | undefined = $state.raw();
  /** The runner does not answer: it was stopped, or starts again. */
  lost = $state(false);
  #refused = false;

  /** Call while a component is being set up. */
  watch(): void {
    // Nothing that is read here begins it anew.
    $effect(() => untrack(() => this.#watch()));
  }

  /** Returns what ends it. */
  #watch(): () => void {
    let stop = this.#listen();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      await this.#readServer();
      timer = setTimeout(ask, this.earnings ? askEveryMs : askAgainMs);
    };
    void ask();
    // A browser gives a stream up for good that was refused, as when too many tabs are open.
    const again = setInterval(() => {
      if (!this.#refused) return;
      stop();
      stop = this.#listen();
    }, askAgainMs);
    return () => {
      stop();
      clearTimeout(timer);
      clearInterval(again);
    };
  }

  #listen(): () => void {
    const events = new EventSource("/api/events");
    this.#refused = false;
    events.onopen = () => {
      this.lost = false;
      void this.#readAll();
    };
    events.onerror = () => {
      this.lost = true;
      this.#refused = events.readyState === EventSource.CLOSED;
    };
    events.addEventListener("state", ({ data }) => this.#take(JSON.parse(data)));
    events.addEventListener("sample", ({ data }) => {
      this.samples = [...this.samples.slice(1 - samplesMax), JSON.parse(data)];
    });
    events.addEventListener("log", ({ data }) => {
      this.lines = [...this.lines.slice(1 - linesMax), JSON.parse(data)];
    });
    return () => events.close();
  }

  set(change: RunnerSettingsChange): Promise<void> {
    return this.#change("PATCH", "/api/settings", change);
  }

  /** @param until "1h", "restart" */
  pause(until: string): Promise<void> {
    return this.#change("POST", "/api/pause", { until });
  }

  resume(): Promise<void> {
    return this.#change("POST", "/api/resume", {});
  }

  join(url: string): Promise<void> {
    return this.#change("POST", "/api/join", { url });
  }

  stopJoining(): Promise<void> {
    return this.#change("POST", "/api/join/cancel", {});
  }

  /** A runner that was started again has another token: its page is loaded anew. */
  #take(state: RunnerPageState): void {
    const restarted = this.state !== undefined && this.state.startedAt !== state.startedAt;
    if (restarted) location.reload();
    const joined = this.state?.server !== state.server;
    this.state = state;
    if (joined) void this.#readServer();
  }

  /** @throws GridError, or TypeError when the runner does not answer */
  async #change(method: string, path: string, value: unknown): Promise<void> {
    const token = document.querySelector<HTMLMetaElement>('meta[name="runner-token"]')?.content;
    const response = await fetch(path, {
      method,
      headers: { "content-type": "application/json", [pageTokenHeader]: token ?? "" },
      body: JSON.stringify(value),
    });
    if (!response.ok) throw await errorOf(response);
    this.#take((await response.json()) as RunnerPageState);
  }

  async #readAll(): Promise<void> {
    const [samples, log] = await Promise.all([
      read<{ items: Sample[] }>("/api/samples"),
      read<{ items: RunnerLogLine[] }>("/api/log"),
    ]);
    if (samples) this.samples = samples.items;
    if (log) this.lines = log.items;
    await this.#readServer();
  }

  /** What only the server knows; it may be away. */
  async #readServer(): Promise<void> {
    if (!this.state?.server) return;
    const [earnings, update] = await Promise.all([
      read<RunnerEarnings>("/api/earnings"),
      read<RunnerUpdate>("/api/update"),
    ]);
    if (earnings) this.earnings = earnings;
    if (update) this.update = update;
  }
}

async function read<T>(path: string): Promise<T | undefined> {
  try {
    const response = await fetch(path);
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}
