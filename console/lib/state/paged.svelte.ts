import type { Page } from "../../../protocol/http-common.ts";
import { connection } from "./connection.svelte.ts";

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

  stop(): void {
    this.#under?.abort();
  }

  /** @param before what stands before the page, asked when it is here */
  async #load(cursor: string | undefined, before: () => T[]): Promise<void> {
    this.stop();
    const under = new AbortController();
    this.#under = under;
    this.loading = true;
    try {
      const page = await this.#ask(cursor, under.signal);
      if (under.signal.aborted) return;
      this.items = [...before(), ...page.items];
      this.next = page.next;
      this.error = undefined;
    } catch (error) {
      if (under.signal.aborted) return;
      this.error = error;
    }
    this.loading = false;
  }
}

/** Call it while a component is being set up. */
export function paged<T>(ask: AskPage<T>): Paged<T> {
  const it = new Paged(ask);
  $effect(() => {
    void connection.recoveries;
    void it.reload();
    return () => it.stop();
  });
  return it;
}
