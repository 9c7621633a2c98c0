import { PassThrough, type Readable } from "node:stream";
import { GridError } from "../../protocol/errors.ts";

/** What has arrived and is not cut yet. */
const waitingBytesMax = 256 * 1024;
/** A connection on which nothing came for so long may be dead: another may take over. */
const stalledMs = 3_000;

/** One connection that brings bytes. */
interface Feed {
  /** Since when the server waits for its next bytes; undefined while it works on what came. */
  waitsSinceMs: number | undefined;
  /** Ends the wait under way. */
  interrupt: (error: unknown) => void;
}

export interface SessionOptions<T> {
  /** Of all, when it was announced. */
  totalBytes: number | undefined;
  /** Cuts and stores what comes; the result of the upload. */
  store: (body: Readable) => Promise<T>;
  clock: () => number;
  /** A connection has gone, or come. */
  onIdle: (idle: boolean) => void;
  /** It is stored, refused, or aborted. */
  onOver: () => void;
}

/**
 * One upload over any number of connections, one at a time. Its splitter and decoder live here and see one stream; what
 * was taken from a connection that broke is not asked for again.
 */
export class UploadSession<T> {
  /** Bytes taken so far, as they came: the next connection begins here. */
  offset = 0;
  readonly totalBytes: number | undefined;
  readonly #result: Promise<T>;
  readonly #stream = new PassThrough({ writableHighWaterMark: waitingBytesMax });
  readonly #options: SessionOptions<T>;
  #feed: Feed | undefined;
  #failure: { error: unknown } | undefined;

  constructor(options: SessionOptions<T>) {
    this.#options = options;
    this.totalBytes = options.totalBytes;
    // Whoever reads it is told.
    this.#stream.on("error", () => {});
    this.#result = options.store(this.#stream);
    this.#result.then(
      () => options.onOver(),
      (error: unknown) => {
        this.#failure = { error };
        this.#stream.destroy();
        options.onOver();
        this.#feed?.interrupt(error);
      },
    );
  }

  /** Whether a connection brings bytes, or what came is still being stored. */
  get isBusy(): boolean {
    return this.#feed !== undefined;
  }

  /** Lets go of a connection that may be dead. */
  dropStalled(): void {
    const since = this.#feed?.waitsSinceMs;
    if (since === undefined || this.#options.clock() - since < stalledMs) return;
    const feed = this.#feed!;
    this.#feed = undefined;
    this.#options.onIdle(true);
    feed.interrupt(incomplete("another connection goes on with it"));
  }

  /**
   * Takes what one connection brings.
   * @param last whether its end is that of the upload
   * @returns the result, after the last
   * @throws GridError upload-incomplete when the connection breaks (the session goes on), too-many-requests while
   *   another brings bytes, and what storing throws
   */
  async receive(body: AsyncIterable<Uint8Array>, { last = true } = {}): Promise<T | undefined> {
    if (this.#failure) throw this.#failure.error;
    if (this.#feed)
      throw new GridError("too-many-requests", "This upload is under way on another connection.");
    const feed: Feed = { waitsSinceMs: undefined, interrupt: () => {} };
    this.#feed = feed;
    this.#options.onIdle(false);
    try {
      await this.#take(body[Symbol.asyncIterator](), feed);
      if (!last) return undefined;
      this.#stream.end();
      return await this.#result;
    } finally {
      if (this.#feed === feed) {
        this.#feed = undefined;
        this.#options.onIdle(true);
      }
    }
  }

  /** Ends it; what was stored of it is nobody's. */
  abort(reason: string): void {
    this.#stream.destroy(incomplete(reason));
  }

  async #take(chunks: AsyncIterator<Uint8Array>, feed: Feed): Promise<void> {
    for (;;) {
      feed.waitsSinceMs = this.#options.clock();
      const { done, value } = await interruptible<IteratorResult<Uint8Array>>(
        feed,
        (resolve, reject) => {
          chunks.next().then(resolve, reject);
        },
      );
      feed.waitsSinceMs = undefined;
      if (this.#failure) throw this.#failure.error;
      if (done) return;
      this.offset += value.byteLength;
      if (!this.#stream.write(value))
        await interruptible<void>(feed, (resolve) => this.#stream.once("drain", resolve));
    }
  }
}

/** A race with a promise that outlives it would keep all that it ever won. */
function interruptible<R>(
  feed: Feed,
  wait: (resolve: (value: R) => void, reject: (error: unknown) => void) => void,
): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    feed.interrupt = reject;
    wait(resolve, reject);
  });
}

function incomplete(what: string): GridError {
  return new GridError("upload-incomplete", `The upload was cut off: ${what}.`);
}
