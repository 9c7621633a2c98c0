/** Rests that are shorter are put off and added up: a timer is not more exact than this. */
const restMsMin = 5;

/**
 * Keeps work to a share of the time: what took t ms is followed by a rest of t·(1/share − 1).
 *
 * Work rests between trips, never within one. Stopping a process under way (SIGSTOP) would let its time limits run out
 * while it stands still, and does not exist on Windows.
 */
export class Pace {
  readonly #share: () => number;
  #owedMs = 0;
  #untilMs = 0;

  /** @param share from 0 (exclusive) to 1, as of now */
  constructor(share: () => number) {
    this.#share = share;
  }

  /** Whether there is anything to keep to. */
  get limited(): boolean {
    return this.#share() < 1;
  }

  /** Something took so long, until now. */
  worked(ms: number, nowMs: number): void {
    if (!this.limited) {
      this.#owedMs = 0;
      this.#untilMs = 0;
      return;
    }
    this.#owedMs += ms * (1 / this.#share() - 1);
    if (this.#owedMs < restMsMin) return;
    this.#untilMs = nowMs + this.#owedMs;
    this.#owedMs = 0;
  }

  /** How long to rest from now on; 0 when work may begin. A limit that was lifted ends a rest. */
  restMs(nowMs: number): number {
    return this.limited ? Math.max(this.#untilMs - nowMs, 0) : 0;
  }
}
