import type { z } from "zod";
import { GridError } from "../protocol/errors.ts";
import { ConnectionError, connectionError } from "./connection-error.ts";
import { errorOf } from "./problem.ts";
import { outagePauseMsMax, pauseMs, type RetryPolicy, retryAfterMs, sleep } from "./retry.ts";

export interface TransportOptions {
  url: string;
  key?: string | undefined;
  fetch: typeof fetch;
  retry: RetryPolicy;
  /** Until the answer's head arrives, for requests that do not wait for work or carry a stream. */
  requestTimeoutMs: number;
}

export type Query = Record<string, string | number | undefined>;

export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Query;
  headers?: Record<string, string>;
  json?: unknown;
  /** A body made anew for each attempt, or only once (see `replayable`). */
  body?: () => ReadableStream<Uint8Array> | Promise<ReadableStream<Uint8Array>>;
  /** False for a body that can be read only once: the request is then never repeated. */
  replayable?: boolean;
  /** A write that changes nothing, so that it may be repeated without an Idempotency-Key. */
  pure?: boolean;
  /** Without the client's own key, which would speak for someone else. */
  anonymous?: boolean;
  /** No timeout: the answer legitimately takes as long as the work or the upload. */
  unhurried?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * One place that speaks HTTP: the key, problem documents, timeouts and bounded retries. Every write carries an
 * Idempotency-Key, so that repeating it after a lost answer changes nothing (draft-ietf-httpapi-idempotency-key).
 */
export class Transport {
  readonly url: string;
  readonly #options: TransportOptions;
  /** Whether the server has ever answered: then the URL is right, and silence is an outage. */
  #reached = false;

  /** @throws TypeError when the URL is none */
  constructor(options: TransportOptions) {
    const url = new URL(options.url);
    url.pathname = url.pathname.replace(/\/+$/, "");
    this.url = url.href.replace(/\/$/, "");
    this.#options = options;
  }

  /** Sends, reads and checks a JSON answer. @throws GridError, ConnectionError, the signal's reason */
  async json<S extends z.ZodType>(call: Call, schema: S): Promise<z.infer<S>> {
    return this.send(call, async (response) => {
      const parsed = schema.safeParse(parseJson(await response.text()));
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw new ConnectionError(
        this.url,
        `the answer to ${call.path} has another shape: ${issue?.path.join(".")} ${issue?.message}`,
        "are the API and this client of the same version? Check --url or SPAREGRID_URL",
      );
    });
  }

  /** The answer's head, its body unread. @throws as `json` */
  open(call: Call): Promise<Response> {
    return this.send(call, async (response) => response);
  }

  /**
   * Sends until it succeeds, the attempts are used up (or, for a server known to be there, the time of an outage), or
   * an error is not worth a repetition.
   */
  async send<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const { retry } = this.#options;
    const url = this.urlOf(call);
    const headers = this.#headersOf(call);
    let outageSinceMs: number | undefined;
    for (let attempt = 1; ; attempt++) {
      let waitMs = pauseMs(retry, attempt);
      let failure: unknown;
      let persist = attempt < retry.attemptsMax;
      try {
        const response = await this.#fetch(url, call, headers);
        this.#reached = true;
        outageSinceMs = undefined;
        if (response.ok) return await read(response);
        failure = await errorOf(response, url);
        const asked = retryAfterMs(response.headers.get("retry-after"), Date.now());
        if (!isTransient(response.status, failure, asked)) throw failure;
        waitMs = Math.max(waitMs, asked ?? 0);
      } catch (error) {
        call.signal?.throwIfAborted();
        if (error instanceof GridError || error instanceof ConnectionError) throw error;
        failure = connectionError(url, error);
        outageSinceMs ??= performance.now();
        if (this.#reached && retry.attemptsMax > 1) {
          persist = performance.now() - outageSinceMs < retry.outageMsMax;
          waitMs = Math.min(waitMs, outagePauseMsMax);
        }
      }
      if (!persist || call.replayable === false || waitMs > retry.pauseMsMax) throw failure;
      await sleep(waitMs, call.signal);
    }
  }

  urlOf(call: Pick<Call, "path" | "query">): string {
    const url = new URL(this.url + call.path);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  }

  #headersOf(call: Call): Record<string, string> {
    const method = call.method ?? "GET";
    const { key } = this.#options;
    return {
      accept: "application/json",
      ...(key === undefined || call.anonymous ? {} : { authorization: `Bearer ${key}` }),
      ...(method === "GET" || call.pure ? {} : { "idempotency-key": crypto.randomUUID() }),
      ...(call.json === undefined ? {} : { "content-type": "application/json" }),
      ...call.headers,
    };
  }

  async #fetch(url: string, call: Call, headers: Record<string, string>): Promise<Response> {
    const init: RequestInit & { duplex?: "half" } = { method: call.method ?? "GET", headers };
    if (call.json !== undefined) init.body = JSON.stringify(call.json);
    if (call.body !== undefined) {
      init.body = await call.body();
      init.duplex = "half"; // required for streams by the Fetch standard
    }
    const hurry = new AbortController();
    const timer = call.unhurried
      ? undefined
      : setTimeout(
          () => hurry.abort(new DOMException("no answer in time", "TimeoutError")),
          this.#options.requestTimeoutMs,
        );
    init.signal = call.signal ? AbortSignal.any([call.signal, hurry.signal]) : hurry.signal;
    try {
      return await this.#options.fetch(url, init);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Undefined, which fits no schema, when it is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** 503 no-runner without a Retry-After is not about to pass by itself; someone has to connect a machine. */
function isTransient(status: number, error: unknown, askedMs: number | undefined): boolean {
  if (status === 429 || status === 502 || status === 504) {
    return !(error instanceof GridError && error.fault === "runner");
  }
  if (status !== 503) return false;
  return askedMs !== undefined || !(error instanceof GridError && error.code === "no-runner");
}
