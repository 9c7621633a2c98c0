/** Thrown where a process dies. */
export class Died extends Error {}

/**
 * Ends a life of the process at one of the places where something reaches the disk. Whatever still runs of that life
 * then dies at the next such place, so that code which catches errors does not outlive it.
 */
export class Fuse {
  readonly #onDeath: () => void;
  #left = Number.POSITIVE_INFINITY;
  #dead = false;

  constructor(onDeath: () => void) {
    this.#onDeath = onDeath;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Dies at that many of the places from now on. */
  arm(places: number): void {
    this.#left = places;
  }

  disarm(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  burn(): void {
    if (!this.#dead) {
      this.#left--;
      if (this.#left > 0) return;
    }
    this.kill();
    throw new Died("the process died");
  }

  /** Between two requests, or in one. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#onDeath();
  }
}
