import { GridError } from "../../../protocol/errors.ts";
import { session } from "../state/session.svelte.ts";
import { errorOf, type Query, Unreachable, urlOf } from "./request.ts";

export interface SendOptions {
  method: "POST" | "PUT" | "PATCH";
  path: string;
  query?: Query;
  contentEncoding?: "gzip" | "zstd" | undefined;
  /** The same for each attempt: what arrived whole is not stored twice. */
  idempotencyKey?: string;
  headers?: Record<string, string>;
  /** Bytes of a larger file that were sent before these. */
  before?: number;
  onSent: (sentBytes: number) => void;
  signal: AbortSignal;
  /** Without a byte of progress for so long it is given up. */
  stalledMs?: number;
}

/** A connection that breaks silently is noticed by this, and not by a person who waits. */
const stalledMsDefault = 45_000;
/** After the last byte the server still stores what it has; it answers or hangs up within its own time. */
const answerMsMax = 180_000;

/**
 * Uploads a file; when the session has ended, the person is asked to sign in again, and it is sent anew.
 * @throws GridError, Unreachable, the signal's reason
 */
export async function sendFile<T>(file: Blob, options: SendOptions): Promise<T> {
  for (;;) {
    try {
      return await attempt<T>(file, options);
    } catch (error) {
      const isOver = error instanceof GridError && error.code === "unauthorized";
      if (!isOver || !(await session.signInAgain())) throw error;
    }
  }
}

/**
 * By XMLHttpRequest, since fetch tells nothing of how far it is; the browser reads the file from the
 * disk as the network takes it, so that memory stays as it is.
 */
function attempt<T>(file: Blob, options: SendOptions): Promise<T> {
  const { method, path, query, contentEncoding, idempotencyKey, onSent, signal } = options;
  const { headers = {}, before = 0, stalledMs = stalledMsDefault } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    let sentBytes = 0;
    let timer: ReturnType<typeof setTimeout>;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      settle();
    };
    const broken = (what: string) => end(() => reject(new Unreachable(what)));
    const watch = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        request.abort();
        broken(`Nothing moved for ${Math.round(ms / 1000)} seconds.`);
      }, ms);
    };
    function cancel(): void {
      request.abort();
      end(() => reject(signal.reason));
    }
    signal.addEventListener("abort", cancel, { once: true });
    request.upload.addEventListener("progress", ({ loaded }) => {
      sentBytes = loaded;
      onSent(loaded);
      watch(loaded < file.size ? stalledMs : answerMsMax);
    });
    request.upload.addEventListener("load", () => watch(answerMsMax));
    request.addEventListener("error", () => {
      const size = before + file.size;
      const percent = size === 0 ? 0 : Math.floor(((before + sentBytes) / size) * 100);
      broken(`The connection broke after ${percent} %.`);
    });
    request.addEventListener("load", () => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) return end(() => resolve(JSON.parse(responseText) as T));
      void errorOf(new Response(responseText, { status: Math.max(status, 200) })).then((error) =>
        end(() => reject(error)),
      );
    });
    request.open(method, urlOf(path, query));
    request.setRequestHeader("accept", "application/json");
    const types = { "content-type": "application/octet-stream" };
    for (const [name, value] of Object.entries({ ...types, ...headers }))
      request.setRequestHeader(name, value);
    if (idempotencyKey) request.setRequestHeader("idempotency-key", idempotencyKey);
    if (contentEncoding) request.setRequestHeader("content-encoding", contentEncoding);
    watch(stalledMs);
    request.send(file);
  });
}

/** Whether it may go well when it is tried again, just so. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof GridError && error.fault === "platform");
}
