import { pauseMs, retryAfterMs, retryPolicyDefault, sleep } from "../../../client/retry.ts";
import { type ErrorCode, errorCodes, GridError } from "../../../protocol/errors.ts";

/** The server does not answer, or what answered was not it. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

export type Query = Record<string, string | number | boolean | undefined>;

export interface Ask {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Query;
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** A write that changes nothing, and needs no key to be repeated: a call of a function. */
  pure?: boolean;
  /** No limit to how long the answer's head may take: uploads, calls of functions. */
  unhurried?: boolean;
  /** The answer to "not signed in" is given to the caller, instead of asking the person to sign in again. */
  anonymous?: boolean;
}

/** What the page does when its session is over, and what it tells people about the connection. */
export interface Surroundings {
  /** Resolves once somebody signed in again (true), or would not (false). */
  signInAgain(): Promise<boolean>;
  reachable(yes: boolean): void;
}

const attemptsMax = 5;
const requestTimeoutMs = 30_000;

/**
 * Speaks HTTP with the server that the page came from; the session's cookie says who asks. Reads and writes alike are
 * repeated while the server restarts: each write carries an Idempotency-Key, so that a repeat changes nothing. When the
 * session has ended, the person is asked to sign in over the page, and the request goes on: nothing typed is lost.
 */
export class Requests {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** A JSON answer; undefined for an empty one. @throws GridError, Unreachable, the signal's reason */
  async json<T>(path: string, ask: Ask = {}): Promise<T> {
    const response = await this.open(path, ask);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** The answer with its body unread. @throws as `json` */
  async open(path: string, ask: Ask = {}): Promise<Response> {
    const init = initOf(ask);
    const url = urlOf(path, ask.query);
    for (let attempt = 1; ; attempt++) {
      const response = await this.#attempt(url, init, ask);
      if (response instanceof Response) {
        if (response.ok) return response;
        const error = await errorOf(response);
        if (error.code === "unauthorized" && !ask.anonymous) {
          if (await this.#surroundings.signInAgain()) continue;
          throw error;
        }
        const afterMs = retryAfterMs(response.headers.get("retry-after"), Date.now());
        const passing = response.status === 503 && afterMs !== undefined;
        if (!passing || attempt >= attemptsMax) throw error;
        await sleep(Math.min(afterMs, retryPolicyDefault.pauseMsMax), ask.signal);
        continue;
      }
      this.#surroundings.reachable(false);
      if (attempt >= attemptsMax || ask.body instanceof ReadableStream) throw response;
      await sleep(pauseMs({ baseMs: 300, pauseMsMax: 4_000 }, attempt), ask.signal);
    }
  }

  async #attempt(
    url: string,
    init: RequestInit,
    { signal, unhurried }: Ask,
  ): Promise<Response | Unreachable> {
    // Only until the head arrives: a body may take as long as it takes.
    const late = new AbortController();
    const timer = unhurried ? undefined : setTimeout(() => late.abort(), requestTimeoutMs);
    try {
      const response = await fetch(url, {
        ...init,
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      });
      this.#surroundings.reachable(true);
      return response;
    } catch (error) {
      signal?.throwIfAborted();
      return new Unreachable("The server does not answer.", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

function initOf({ method = "GET", json, body, headers, pure }: Ask): RequestInit {
  const all: Record<string, string> = { accept: "application/json", ...headers };
  if (method !== "GET" && !pure) all["idempotency-key"] ??= randomId();
  if (json !== undefined) all["content-type"] = "application/json";
  const content = json === undefined ? body : JSON.stringify(json);
  return { method, headers: all, ...(content === undefined ? {} : { body: content }) };
}

export function urlOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, String(value));
  return search.size === 0 ? path : `${path}?${search}`;
}

/** A problem document (RFC 9457) as the error that it tells of. */
export async function errorOf(response: Response): Promise<GridError> {
  const problem: unknown = await response.json().catch(() => undefined);
  if (isProblem(problem)) return new GridError(problem.code, problem.detail, problem.details);
  const code = response.status === 413 ? "body-too-large" : "internal";
  return new GridError(code, `The server answered ${response.status} ${response.statusText}.`);
}

interface Problem {
  code: ErrorCode;
  detail: string;
  details?: GridError["details"];
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { code, detail } = value as Record<string, unknown>;
  return typeof code === "string" && code in errorCodes && typeof detail === "string";
}

/** crypto.randomUUID is there only on https and localhost; consoles are opened over plain http in a local network too. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
