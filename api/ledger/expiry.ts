import type { Ledger } from "./port.ts";

export interface ExpiryOptions {
  ledger: Pick<Ledger, "expire">;
  clock: () => number;
  everyMs: number;
  onError: (error: unknown) => void;
}

/** Gives back what pending transfers set aside, once their time has come. */
export class Expiry {
  readonly #options: ExpiryOptions;
  readonly #timer: NodeJS.Timeout;

  constructor(options: ExpiryOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#run(), options.everyMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #run(): void {
    const { ledger, clock, onError } = this.#options;
    try {
      ledger.expire(clock());
    } catch (error) {
      onError(error);
    }
  }
}
