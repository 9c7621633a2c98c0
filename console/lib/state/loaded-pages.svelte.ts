import { connection } from "./connection.svelte.ts";
import type { LoadedOptions } from "./loaded.svelte.ts";

interface PageOf<T> {
  items: T[];
  next: string | null;
}

/**
 * A list of the server's, page by page. Asking again (after an outage, every `everyMs`, or when something that `ask`
 * reads changes) asks for the first page, and keeps the pages that were added only when the filter did not change.
 */
export class LoadedPages<T extends { id: string }> {
  items: T[] | undefined = $state.raw();
  error: unknown = $state.raw();
  loadingMore = $state(false);
  #next: string | null = $state(null);
  readonly #ask: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>;
  #under: AbortController | undefined;

  constructor(ask: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>) {
    this.#ask = ask;
  }

  get more(): boolean {
    return this.#next !== null;
  }

  /** Begins anew with the first page. Never throws: see `error`. */
  readonly reload = (): Promise<void> =>
    this.#load(undefined, ({ items, next }) => {
      this.items = items;
      this.#next = next;
    });

  /** Brings the first page up to date and leaves what follows as it is. */
  readonly refresh = (): Promise<void> =>
    this.#load(undefined, ({ items, next }) => {
      const known = new Set(items.map(({ id }) => id));
      const rest = (this.items ?? []).slice(items.length).filter(({ id }) => !known.has(id));
      this.items = [...items, ...rest];
      if (rest.length === 0) this.#next = next;
    });

  readonly loadMore = async (): Promise<void> => {
    if (this.#next === null || this.loadingMore) return;
    this.loadingMore = true;
    await this.#load(this.#next, ({ items, next }) => {
      this.items = [...(this.items ?? []), ...items];
      this.#next = next;
    });
    this.loadingMore = false;
  };

  stop(): void {
    this.#under?.abort();
  }

  async #load(cursor: string | undefined, take: (page: PageOf<T>) => void): Promise<void> {
    this.stop();
    const under = new AbortController();
    this.#under = under;
    try {
      const page = await this.#ask(cursor, under.signal);
      if (under.signal.aborted) return;
      take(page);
      this.error = undefined;
    } catch (error) {
      if (!under.signal.aborted) this.error = error;
    }
  }
}

/** Call it while a component is being set up. */
export function loadedPages<T extends { id: string }>(
  ask: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>,
  { everyMs }: LoadedOptions = {},
): LoadedPages<T> {
  const it = new LoadedPages(ask);
  $effect(() => {
    void connection.recoveries;
    void it.reload();
    return () => it.stop();
  });
  if (everyMs !== undefined) {
    $effect(() => {
      const timer = setInterval(() => {
        if (document.visibilityState === "visible" && !it.loadingMore) void it.refresh();
      }, everyMs);
      return () => clearInterval(timer);
    });
  }
  return it;
}
