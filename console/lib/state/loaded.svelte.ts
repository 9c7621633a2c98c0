import { type KeepAskingOptions, keepAsking } from "./keep-asking.svelte.ts";

/**
 * What a page shows of the server: asked for when the page opens, when something that `ask` reads changes, when the
 * server is back after an outage, and every `everyMs`. The last value stays while a new one is on its way, and when a
 * later attempt fails. Call it while a component is being set up.
 *
 *   const jobs = loaded((signal) => api.json<JobPage>("/v1/jobs", { signal }));
 *   {#if jobs.value} … {:else if jobs.error} <Problem error={jobs.error} retry={jobs.reload} /> {:else} <Skeleton />
 */
export class Loaded<T> {
  value: T | undefined = $state.raw();
  error: unknown = $state.raw();
  loading = $state(true);
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  #under: AbortController | undefined;

  constructor(ask: (signal: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  /** Asks now; an older question is given up. Never throws: see `error`. */
  readonly reload = async (): Promise<void> => {
    this.stop();
    const under = new AbortController();
    this.#under = under;
    this.loading = true;
    try {
      const value = await this.#ask(under.signal);
      if (under.signal.aborted) return;
      this.value = value;
      this.error = undefined;
    } catch (error) {
      if (under.signal.aborted) return;
      this.error = error;
    }
    this.loading = false;
  };

  stop(): void {
    this.#under?.abort();
  }
}

export function loaded<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  options: KeepAskingOptions = {},
): Loaded<T> {
  const it = new Loaded(ask);
  keepAsking(it, it.reload, options);
  return it;
}
