import type { GuestReply } from "../../protocol/guest.ts";
import { type FromExecutor, flushAfterMs, flushBytesMax } from "../messages-out.ts";
import type { BlockingFrameWriter } from "./pipe.ts";
import type { ReadReply } from "./reply.ts";

/** Gathers the replies of one run part, so that hundreds of tiny ones share a frame. */
export class Outbox {
  readonly #writer: BlockingFrameWriter;
  readonly #seq: number;
  #first = 0;
  #headers: GuestReply[] = [];
  #hashes: string[][] = [];
  #sizes: number[][] = [];
  #lengths: number[] = [];
  #ms: number[] = [];
  #bodies: Uint8Array[] = [];
  /** Text bodies that are not yet encoded: joined, they cost one encoding. */
  #text = "";
  #bytes = 0;
  #flushedAtMs: number;

  constructor(writer: BlockingFrameWriter, seq: number, nowMs: number) {
    this.#writer = writer;
    this.#seq = seq;
    this.#flushedAtMs = nowMs;
  }

  add(reply: ReadReply, ms: number): void {
    this.#headers.push(reply.header);
    this.#hashes.push(reply.hashes);
    this.#sizes.push(reply.sizes);
    this.#lengths.push(reply.bodyBytes);
    this.#ms.push(Math.round(ms * 1000) / 1000);
    if (typeof reply.body === "string") this.#text += reply.body;
    else {
      this.#encodeText();
      this.#bodies.push(reply.body);
    }
    this.#bytes += reply.bodyBytes;
  }

  /** Before the next request begins: sends what is gathered if it is old or large. The last one goes with the end. */
  flushIfDue(nowMs: number): void {
    if (this.#headers.length === 0) return;
    if (this.#bytes >= flushBytesMax || nowMs - this.#flushedAtMs >= flushAfterMs) {
      this.#send(false);
      this.#flushedAtMs = nowMs;
    }
  }

  /** Sends what is gathered, if anything. */
  flush(): void {
    if (this.#headers.length > 0) this.#send(false);
  }

  /** Sends the rest; it ends the part. */
  end(): void {
    this.#send(true);
  }

  #send(end: boolean): void {
    this.#encodeText();
    const message: FromExecutor = {
      type: "replies",
      seq: this.#seq,
      first: this.#first,
      headers: this.#headers,
      hashes: this.#hashes,
      sizes: this.#sizes,
      lengths: this.#lengths,
      ms: this.#ms,
      ...(end && { end }),
    };
    this.#writer.write({ message, payloads: [this.#bodies] });
    this.#first += this.#headers.length;
    this.#headers = [];
    this.#hashes = [];
    this.#sizes = [];
    this.#lengths = [];
    this.#ms = [];
    this.#bodies = [];
    this.#bytes = 0;
  }

  #encodeText(): void {
    if (this.#text.length === 0) return;
    this.#bodies.push(Buffer.from(this.#text));
    this.#text = "";
  }
}
