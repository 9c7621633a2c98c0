import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";

export type RoundMessage = Extract<RunnerToGateway, { type: "round" }>;

/**
 * Rounds are told at once when they are rare, and else together every so often: on a machine that is busy with them,
 * a message a round would take a good part of its time. Half a frame of a screen: what waits here, waits for the next frame besides.
 */
const tellEveryMs = 8;
const untoldBytesMax = 256 * 1024;

/** Rounds on their way to the gateway, in order. */
export class RoundTeller {
  readonly #send: (message: RunnerToGateway, payloads: Uint8Array[]) => void;
  #untold: { message: RoundMessage; payloads: Uint8Array[] }[] = [];
  #bytes = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (message: RunnerToGateway, payloads: Uint8Array[]) => void) {
    this.#send = send;
  }

  add(message: RoundMessage, payloads: Uint8Array[]): void {
    this.#untold.push({ message, payloads });
    for (const { byteLength } of payloads) this.#bytes += byteLength;
    const waitedMs = performance.now() - this.#toldAtMs;
    if (waitedMs >= tellEveryMs || this.#bytes > untoldBytesMax) this.tell();
    else this.#timer ??= setTimeout(() => this.tell(), tellEveryMs - waitedMs);
  }

  /** Says all that there is to say. */
  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#untold.length === 0) return;
    for (const { message, payloads } of this.#untold) this.#send(message, payloads);
    this.#untold = [];
    this.#bytes = 0;
    this.#toldAtMs = performance.now();
  }

  /** Forgets what was not told. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#untold = [];
  }
}
