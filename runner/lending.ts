import type { Paused, RunnerOffer } from "../protocol/runner-offer.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import type { Terms } from "./terms.ts";

export interface LendingOptions {
  terms: Terms;
  paused: Paused | undefined;
  send: (message: RunnerToGateway) => void;
  /** The session ends and another begins, since that is how an older gateway hears of something new. */
  reconnect: () => void;
}

/** What the runner lends now, and whether the gateway knows. */
export class Lending {
  readonly #options: LendingOptions;
  terms: Terms;
  paused: Paused | undefined;
  /** Whether the session's gateway takes offers; undefined without a session. */
  #understands: boolean | undefined;
  /** What the gateway was told last. */
  #told = "";

  constructor(options: LendingOptions) {
    this.#options = options;
    this.terms = options.terms;
    this.paused = options.paused;
  }

  /** As a hello says it. */
  get offer(): RunnerOffer {
    const { slots, memoryMb, ask, pools } = this.terms;
    return {
      slots,
      memoryMb,
      ...(ask !== undefined && { ask }),
      ...(pools && { pools: [...pools] }),
      ...(this.paused && { paused: this.paused }),
    };
  }

  /** A hello is being sent, with this. */
  greets(): RunnerOffer {
    const { offer } = this;
    this.#told = JSON.stringify(offer);
    return offer;
  }

  welcomed(understands: readonly string[]): void {
    this.#understands = understands.includes("offer");
    // An older one took the hello for that of a runner that works.
    if (!this.#understands && this.paused) this.#options.send({ type: "draining" });
    else this.tell();
  }

  lost(): void {
    this.#understands = undefined;
  }

  /** Something changed. Says so, if the gateway does not know yet. */
  tell(): void {
    const { offer } = this;
    const text = JSON.stringify(offer);
    // Without a session the next hello says it.
    if (this.#understands === undefined || text === this.#told) return;
    this.#told = text;
    if (this.#understands) this.#options.send({ type: "offer", ...offer });
    else if (this.paused) this.#options.send({ type: "draining" });
    else this.#options.reconnect();
  }
}
