import type http from "node:http";
import type https from "node:https";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { digestOf } from "../protocol/digest.ts";
import { GridError } from "../protocol/errors.ts";
import { pipeFrameBytesMax } from "../protocol/limits.ts";
import { backoffMs } from "./backoff.ts";

export interface BlobClientOptions {
  /** The gateway's HTTP address, without a trailing slash. */
  url: string;
  /** Raw blobs kept in memory. Default 256 MB. */
  cacheBytesMax?: number;
  /** Requests in flight. Default 8. */
  socketsMax?: number;
  /** Tries of one request before it fails. Default 6, some 3 s in all. */
  attemptsMax?: number;
  random?: () => number;
  /** A connection is used, new or again. */
  onSocket?: (socket: Socket) => void;
}

/**
 * Blobs over HTTP: fetched once however many ask, verified against their digest, kept in a bounded memory cache.
 * node:http with a keep-alive agent rather than the global fetch: bodies come as Buffers, and undici stays unloaded. An
 * import of node:http would load it as well (for its WebSocket): 5 MB.
 */
export class BlobClient {
  readonly #url: string;
  readonly #transport: typeof http | typeof https;
  readonly #agent: http.Agent;
  readonly #attemptsMax: number;
  readonly #random: () => number;
  readonly #onSocket: (socket: Socket) => void;
  #cache: LRUCache<string, Buffer>;
  readonly #fetching = new Map<string, Promise<Buffer>>();
  readonly #closed = new AbortController();

  constructor(options: BlobClientOptions) {
    this.#url = options.url;
    this.#transport = process.getBuiltinModule(
      options.url.startsWith("https:") ? "node:https" : "node:http",
    );
    this.#agent = new this.#transport.Agent({
      keepAlive: true,
      maxSockets: options.socketsMax ?? 8,
    });
    this.#attemptsMax = options.attemptsMax ?? 6;
    this.#random = options.random ?? Math.random;
    this.#onSocket = options.onSocket ?? (() => {});
    this.#cache = createCache(options.cacheBytesMax ?? 256 * 1024 * 1024);
  }

  /** Keeps so many bytes from now on. What was used last stays. */
  resize(cacheBytesMax: number): void {
    const former = this.#cache;
    this.#cache = createCache(cacheBytesMax);
    this.#cache.load(former.dump());
  }

  /** The blob, if it is in memory. */
  peek(digest: string): Buffer | undefined {
    return this.#cache.get(digest);
  }

  /** Keeps a copy of what came by another way, if it is what its digest says. */
  offer(digest: string, bytes: Uint8Array): void {
    if (!this.#cache.has(digest) && digestOf(bytes) === digest)
      this.#cache.set(digest, Buffer.from(bytes));
  }

  /**
   * @throws GridError blob-missing when there is none, unauthorized when the token does not hold (any more),
   *   store-unavailable when the gateway does not answer, runner-fault when what it answers is not the blob
   */
  get(digest: string, token: string): Promise<Buffer> {
    const cached = this.#cache.get(digest);
    if (cached) return Promise.resolve(cached);
    const under = this.#fetching.get(digest);
    if (under) return under;
    const fetching = this.#fetch(digest, token).finally(() => this.#fetching.delete(digest));
    this.#fetching.set(digest, fetching);
    return fetching;
  }

  /** Stores an output. @throws GridError unauthorized, store-unavailable */
  async put(digest: string, token: string, bytes: Uint8Array): Promise<void> {
    await this.#retry(digest, () => this.#request("PUT", digest, token, bytes));
  }

  /** Ends every request under way. */
  close(): void {
    this.#closed.abort(new GridError("shutting-down", "the runner is closing"));
    this.#agent.destroy();
    this.#cache.clear();
  }

  async #fetch(digest: string, token: string): Promise<Buffer> {
    const bytes = await this.#retry(digest, async () => {
      const body = await this.#request("GET", digest, token);
      if (digestOf(body) === digest) return body;
      throw new GridError(
        "runner-fault",
        `blob ${digest} came with other bytes than its digest says`,
      );
    });
    this.#cache.set(digest, bytes);
    return bytes;
  }

  async #retry<T>(digest: string, request: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      this.#closed.signal.throwIfAborted();
      try {
        return await request();
      } catch (error) {
        this.#closed.signal.throwIfAborted();
        const final = error instanceof GridError && finalCodes.has(error.code);
        if (final) throw error;
        if (attempt + 1 >= this.#attemptsMax) {
          if (error instanceof GridError) throw error;
          throw new GridError(
            "store-unavailable",
            `blob ${digest} could not be moved in ${this.#attemptsMax} tries`,
            {},
            { cause: error },
          );
        }
        const waitMs = backoffMs(attempt, { baseMs: 100, capMs: 2_000, random: this.#random });
        await sleep(waitMs, undefined, { signal: this.#closed.signal });
      }
    }
  }

  #request(
    method: "GET" | "PUT",
    digest: string,
    token: string,
    body?: Uint8Array,
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const request = this.#transport.request(
        `${this.#url}/v1/blobs/${digest}`,
        {
          method,
          agent: this.#agent,
          signal: this.#closed.signal,
          timeout: idleMsMax,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body && {
              "content-type": "application/octet-stream",
              "content-length": body.byteLength,
            }),
          },
        },
        (response) => {
          readBody(response).then((bytes) => {
            const fault = statusFault(response.statusCode ?? 0, digest);
            if (fault) reject(fault);
            else resolve(bytes);
          }, reject);
        },
      );
      request.on("socket", (socket) => this.#onSocket(socket));
      request.on("timeout", () => request.destroy(new Error(`no answer within ${idleMsMax} ms`)));
      request.on("error", reject);
      request.end(body);
    });
  }
}

function createCache(maxSize: number): LRUCache<string, Buffer> {
  return new LRUCache({ maxSize, sizeCalculation: (bytes) => bytes.byteLength + 256 });
}

const idleMsMax = 15_000;
const finalCodes: ReadonlySet<string> = new Set(["blob-missing", "unauthorized", "shutting-down"]);

function statusFault(status: number, digest: string): Error | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 404) return new GridError("blob-missing", `there is no blob ${digest}`);
  if (status === 401 || status === 403)
    return new GridError("unauthorized", `the token for blob ${digest} does not hold`);
  return new GridError("store-unavailable", `the gateway answered ${status} for blob ${digest}`);
}

async function readBody(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > pipeFrameBytesMax) throw new Error("the answer is larger than any blob");
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
}
