import type { Page } from "../../../protocol/http-common.ts";
import { type KeepAskingOptions, keepAsking } from "./keep-asking.svelte.ts";

export type AskPage<T> = (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;

/**
 * A list that the server gives page by page: the first when the page opens, when something that `ask` reads changes, and
 * when the server is back; each next one when the person asks for it. The items stay while others are on their way.
 */
export class Paged<T> {
  items: T[] | undefined = $state.raw();
  next: string | null = $state(null);
  error: unknown = $state.raw();
  loading = $state(true);
  readonly #ask: AskPage<T>;
  #under: AbortController | undefined;

  constructor(ask: AskPage<T>) {
    this.#ask = ask;
  }

  /** The first page anew. Never throws: see `error`. */
  readonly reload = (): Promise<void> => this.#load(undefined, () => []);

  /** The page after what is there. Never throws: see `error`. */
  readonly more = (): Promise<void> => {
    const { next } = this;
    return next === null ? Promise.resolve() : this.#load(next, () => this.items ?? []);
  };

  /**
   * Brings the first page up to date and leaves what follows as it is. Never throws: see `error`.
   * @param key what an item is known by, when it has moved to another page
   */
  readonly refresh = async (key: (item: T) => string): Promise<void> => {
    const page = await this.#answer(undefined);
    if (page === undefined) return;
    const known = new Set(page.items.map(key));
    const rest = (this.items ?? [])
      .slice(page.items.length)
      .filter((item) => !known.has(key(item)));
    this.items = [...page.items, ...rest];
    if (rest.length === 0) this.next = page.next;
  };

  stop(): void {
    this.#under?.abort();
  }

  /** @param before what stands before the page, asked when it is here */
  async #load(cursor: string | undefined, before: () => T[]): Promise<void> {
    this.loading = true;
    const page = await this.#answer(cursor);
    if (page === undefined) return;
    this.items = [...before(), ...page.items];
    this.next = page.next;
  }

  /** Undefined for a failure, and for a question that was given up for a newer one. */
  async #answer(cursor: string | undefined): Promise<Page<T> | undefined> {
    this.stop();
    const under = new AbortController();
    this.#under = under;
    try {
      const page = await this.#ask(cursor, under.signal);
      if (under.signal.aborted) return undefined;
      this.error = undefined;
      this.loading = false;
      return page;
    } catch (error) {
      if (under.signal.aborted) return undefined;
      this.error = error;
      this.loading = false;
      return undefined;
    }
  }
}

export interface PagedOptions<T> extends KeepAskingOptions {
  /** What an item is known by; needed where the list is asked for again every so often. */
  key?: (item: T) => string;
}

/** Call it while a component is being set up. */
export function paged<T>(ask: AskPage<T>, { key, ...often }: PagedOptions<T> = {}): Paged<T> {
  const it = new Paged(ask);
  keepAsking(it, () => (key === undefined ? it.reload() : it.refresh(key)), often);
  return it;
}
