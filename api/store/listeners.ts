/**
 * Listeners by key. A notification is delivered once per listener and turn of the event loop, however many changes
 * that turn made, so that a burst of transitions wakes a reader once.
 */
export class Listeners {
  readonly #byKey = new Map<string, Set<(key: string) => void>>();
  readonly #due = new Map<string, Set<string>>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Returns a function that ends it; no call comes after that. */
  add(key: string, listener: (key: string) => void): () => void {
    const entry = (subject: string) => listener(subject);
    const set = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, set);
    set.add(entry);
    return () => {
      set.delete(entry);
      if (set.size === 0 && this.#byKey.get(key) === set) this.#byKey.delete(key);
    };
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  keys(): string[] {
    return [...this.#byKey.keys()];
  }

  /** Calls the listeners of `key` with `subject`, soon. */
  notify(key: string, subject: string): void {
    if (!this.#byKey.has(key)) return;
    if (this.#due.size === 0) queueMicrotask(() => this.#deliver());
    const subjects = this.#due.get(key) ?? new Set();
    this.#due.set(key, subjects);
    subjects.add(subject);
  }

  clear(): void {
    this.#byKey.clear();
    this.#due.clear();
  }

  #deliver(): void {
    const due = [...this.#due];
    this.#due.clear();
    for (const [key, subjects] of due) {
      for (const subject of subjects) {
        for (const listener of this.#byKey.get(key) ?? []) {
          try {
            listener(subject);
          } catch (error) {
            this.#onError(error);
          }
        }
      }
    }
  }
}
