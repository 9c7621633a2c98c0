/**
 * The frame that carries messages on the runner's socket and on the executor's pipe: a JSON header and raw payloads.
 *
 *   u32 little-endian: bytes of the header
 *   header: JSON array of messages; a message's `payloads` holds the byte length of each of its payloads
 *   payloads: concatenated in order of messages
 *
 * JSON with raw payloads beats msgpack for control frames and reads in a debugger. On a pipe (a byte stream) the
 * frame is preceded by its own length, u32 little-endian.
 */
export interface Envelope<M extends object> {
  message: M;
  payloads: Uint8Array[];
}

export class FrameError extends Error {
  override name = "FrameError";
}

const headerBytes = 4;

export function encodeFrame<M extends object>(envelopes: readonly Envelope<M>[]): Buffer {
  const parts: Uint8Array[] = [];
  let total = 0;
  const messages = envelopes.map(({ message, payloads }) => {
    if (payloads.length === 0) return message;
    for (const payload of payloads) {
      parts.push(payload);
      total += payload.byteLength;
    }
    return { ...message, payloads: payloads.map((payload) => payload.byteLength) };
  });
  const header = Buffer.from(JSON.stringify(messages));
  const frame = Buffer.allocUnsafe(headerBytes + header.byteLength + total);
  frame.writeUInt32LE(header.byteLength, 0);
  frame.set(header, headerBytes);
  let at = headerBytes + header.byteLength;
  for (const part of parts) {
    frame.set(part, at);
    at += part.byteLength;
  }
  return frame;
}

/**
 * Payloads are views on `frame`. The messages are `unknown`: whoever reads from outside parses them with a schema.
 * @throws FrameError when the lengths do not add up
 */
export function decodeFrame(frame: Uint8Array): Envelope<{ type?: unknown }>[] {
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.byteLength < headerBytes) throw new FrameError("a frame has at least 4 bytes");
  const headerLength = view.readUInt32LE(0);
  if (headerBytes + headerLength > view.byteLength)
    throw new FrameError("the header is longer than its frame");
  let messages: unknown;
  try {
    messages = JSON.parse(view.toString("utf8", headerBytes, headerBytes + headerLength));
  } catch (cause) {
    throw new FrameError("the header is not JSON", { cause });
  }
  if (!Array.isArray(messages)) throw new FrameError("the header is not a list of messages");
  let at = headerBytes + headerLength;
  const envelopes = messages.map((message: unknown) => {
    if (typeof message !== "object" || message === null)
      throw new FrameError("a message is not an object");
    const { payloads: lengths = [], ...rest } = message as { payloads?: unknown };
    if (!Array.isArray(lengths)) throw new FrameError("payload lengths are not a list");
    const payloads = lengths.map((length: unknown) => {
      if (
        !Number.isSafeInteger(length) ||
        (length as number) < 0 ||
        at + (length as number) > view.byteLength
      ) {
        throw new FrameError("a payload is longer than its frame");
      }
      const payload = view.subarray(at, at + (length as number));
      at += length as number;
      return payload;
    });
    return { message: rest, payloads };
  });
  if (at !== view.byteLength) throw new FrameError("bytes are left over after the last payload");
  return envelopes;
}

/** Cuts a byte stream back into frames. Chunks of an unfinished frame are kept as they came and joined once. */
export class PipeFrameReader {
  #chunks: Buffer[] = [];
  #buffered = 0;
  #wanted = -1;
  readonly #frameBytesMax: number;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** @throws FrameError when a frame announces more than the maximum */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.byteLength;
    for (;;) {
      if (this.#wanted < 0) {
        if (this.#buffered < 4) return;
        this.#wanted = this.#take(4).readUInt32LE(0);
        if (this.#wanted > this.#frameBytesMax)
          throw new FrameError(`a frame of ${this.#wanted} bytes is over the limit`);
      }
      if (this.#buffered < this.#wanted) return;
      const frame = this.#take(this.#wanted);
      this.#wanted = -1;
      onFrame(frame);
    }
  }

  #take(bytes: number): Buffer {
    const first = this.#chunks[0]!;
    this.#buffered -= bytes;
    if (first.byteLength > bytes) {
      this.#chunks[0] = first.subarray(bytes);
      return first.subarray(0, bytes);
    }
    if (first.byteLength === bytes) {
      this.#chunks.shift();
      return first;
    }
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = joined.byteLength > bytes ? [joined.subarray(bytes)] : [];
    return joined.subarray(0, bytes);
  }
}
