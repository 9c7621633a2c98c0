import { readSync, writeSync } from "node:fs";
import type { PipeEnvelope } from "../pipe.ts";
import { pipeFrameParts } from "../pipe.ts";

export interface Incoming {
  message: { type?: unknown };
  /** Each payload in memory of its own, so that its ArrayBuffer can be given away. */
  payloads: Buffer<ArrayBuffer>[];
}

const bufferBytes = 64 * 1024;

/**
 * Reads pipe frames from a blocking descriptor. Blocking calls suit a process that does one thing after another: they
 * spare the event loop's part of a round trip and the memory of the stream and socket modules, and a payload is read
 * straight into the memory that the guest will own.
 */
export class BlockingFrameReader {
  readonly #fd: number;
  readonly #frameBytesMax: number;
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #start = 0;
  #end = 0;

  constructor(fd: number, frameBytesMax: number) {
    this.#fd = fd;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Whether reading on would wait for the parent (as far as can be known without asking the system). */
  get drained(): boolean {
    return this.#start === this.#end;
  }

  /** The messages of the next frame; undefined once the parent has closed the pipe. */
  next(): Incoming[] | undefined {
    const head = this.#take(8);
    if (!head) return undefined;
    const frameBytes = head.readUInt32LE(0);
    const headerBytes = head.readUInt32LE(4);
    if (frameBytes > this.#frameBytesMax || headerBytes + 4 > frameBytes) return undefined;
    const header = this.#take(headerBytes);
    if (!header) return undefined;
    const messages = JSON.parse(header.toString("utf8")) as {
      type?: unknown;
      payloads?: number[];
    }[];
    const incoming: Incoming[] = [];
    for (const message of messages) {
      const payloads: Buffer<ArrayBuffer>[] = [];
      for (const bytes of message.payloads ?? []) {
        const payload = this.#take(bytes);
        if (!payload) return undefined;
        payloads.push(payload);
      }
      incoming.push({ message, payloads });
    }
    return incoming;
  }

  #take(bytes: number): Buffer<ArrayBuffer> | undefined {
    const target = Buffer.allocUnsafeSlow(bytes);
    let filled = 0;
    while (filled < bytes) {
      if (this.#start < this.#end) {
        const copied = this.#buffer.copy(target, filled, this.#start, this.#end);
        this.#start += copied;
        filled += copied;
      } else if (bytes - filled >= bufferBytes) {
        const read = this.#read(target, filled);
        if (read === 0) return undefined;
        filled += read;
      } else {
        this.#start = 0;
        this.#end = this.#read(this.#buffer, 0);
        if (this.#end === 0) return undefined;
      }
    }
    return target;
  }

  #read(into: Buffer, offset: number): number {
    for (;;) {
      try {
        return readSync(this.#fd, into, offset, into.byteLength - offset, null);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EOF" || code === "ECONNRESET") return 0;
        if (code !== "EAGAIN" && code !== "EINTR") throw error;
      }
    }
  }
}

/** Parts below this are joined, because a system call costs more than copying them. */
const joinBytesMax = 64 * 1024;

export class BlockingFrameWriter {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write<M extends object>(envelope: PipeEnvelope<M>): void {
    const parts = pipeFrameParts(envelope);
    let from = 0;
    let bytes = 0;
    for (let at = 0; at < parts.length; at += 1) {
      const part = parts[at]!;
      if (bytes + part.byteLength > joinBytesMax && at > from) {
        this.#writeAll(at - from === 1 ? parts[from]! : Buffer.concat(parts.slice(from, at)));
        from = at;
        bytes = 0;
      }
      bytes += part.byteLength;
    }
    this.#writeAll(
      parts.length - from === 1 ? parts[from]! : Buffer.concat(parts.slice(from), bytes),
    );
  }

  #writeAll(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) {
      try {
        at += writeSync(this.#fd, bytes, at, bytes.byteLength - at);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== "EAGAIN" && code !== "EINTR") throw error;
      }
    }
  }
}
