import { type Envelope, encodeFrame } from "../protocol/frames.ts";
import { frameBytesMax } from "../protocol/limits.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";

/** The part of a WebSocket that the outbox needs. */
export interface FrameSink {
  readonly bufferedAmount: number;
  send(frame: Buffer, done: (error?: Error | null) => void): void;
}

/** Written to the socket but not yet taken by the kernel: above this the outbox waits. */
const socketBytesMax = 4 * 1024 * 1024;
/** Waiting in the outbox: above this the supervisor starts no more work. */
const congestedBytes = 32 * 1024 * 1024;

/**
 * Messages of one tick leave in one frame: on a busy runner that is one system call, and one wake-up of the gateway,
 * for many results. Holds back while the socket is full, and says so.
 */
export class Outbox {
  readonly #sink: FrameSink;
  readonly #onDrained: () => void;
  #waiting: Envelope<RunnerToGateway>[] = [];
  #bytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(sink: FrameSink, onDrained: () => void) {
    this.#sink = sink;
    this.#onDrained = onDrained;
  }

  /** Whoever makes results should stop until `onDrained`. */
  get congested(): boolean {
    return this.#bytes > congestedBytes;
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#sink.bufferedAmount === 0;
  }

  push(message: RunnerToGateway, payloads: Uint8Array[] = []): void {
    if (this.#closed) return;
    this.#waiting.push({ message, payloads });
    this.#bytes += sizeOf(payloads);
    // After all that this turn of the event loop reads from pipes, before it sleeps.
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.flush();
    });
  }

  flush(): void {
    const wasCongested = this.congested;
    while (
      this.#waiting.length > 0 &&
      this.#sink.bufferedAmount < socketBytesMax &&
      !this.#closed
    ) {
      const envelopes = this.#takeFrame();
      this.#sink.send(encodeFrame(envelopes), (error) => {
        if (!error && this.#waiting.length > 0) this.flush();
      });
    }
    if (wasCongested && !this.congested) this.#onDrained();
  }

  close(): void {
    this.#closed = true;
    clearImmediate(this.#scheduled);
    this.#waiting = [];
    this.#bytes = 0;
  }

  /** As many messages, in order, as a frame may hold; at least one. */
  #takeFrame(): Envelope<RunnerToGateway>[] {
    let bytes = 0;
    let count = 0;
    for (const { message, payloads } of this.#waiting) {
      const size = sizeOf(payloads) + headerBytes(message);
      if (count > 0 && bytes + size > frameBytesMax / 2) break;
      bytes += size;
      count++;
    }
    const taken = this.#waiting.splice(0, count);
    for (const { payloads } of taken) this.#bytes -= sizeOf(payloads);
    return taken;
  }
}

function sizeOf(payloads: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const payload of payloads) bytes += payload.byteLength;
  return bytes;
}

/** An upper estimate: an output's entry in the header is some 160 bytes. */
function headerBytes(message: RunnerToGateway): number {
  return message.type === "result" ? 400 + message.outputs.length * 200 : 400;
}
