import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";
import { GridError } from "../protocol/errors.ts";
import { type JobEvent, jobEventSchema } from "../protocol/events.ts";
import { endedStatuses, jobStatusSchema } from "../protocol/job.ts";
import { ConnectionError, connectionError } from "./connection-error.ts";
import { pauseMs, sleep } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** An event of a job with its number, by which a watcher resumes, and when it happened (ms since 1970). */
export type WatchedEvent = JobEvent & { number: number; atMs?: number | undefined };

export interface WatchOptions {
  /** Deliver only events after this number; 0 (default) begins with the job's first. */
  after?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Give up when the API has not been reachable for so long (default 60 s: longer than a restart takes). */
  unreachableMsMax?: number | undefined;
  /** Called when the stream broke and is being resumed, with what broke it. */
  onReconnect?: ((error: unknown) => void) | undefined;
}

const unreachableMsMaxDefault = 60_000;
/** Streams carry a comment every few seconds; one that is silent for so long has lost its other end. */
const silentMsMax = 45_000;
const jobStatusOnly = z.object({ status: jobStatusSchema });
const numberSchema = z.object({ number: z.int(), atMs: z.number().optional() });
const eventCharsMax = 1024 * 1024;
const reconnect = { attemptsMax: Number.POSITIVE_INFINITY, baseMs: 200, pauseMsMax: 3_000 };

/**
 * A job's events from the first to the one that ends it, over as many connections as it takes: a stream that breaks
 * is resumed after the last event seen (Last-Event-ID, WHATWG HTML 9.2), so none is lost or seen twice.
 * @throws GridError not-found, unauthorized, …; ConnectionError when the API stays away; the signal's reason
 */
export async function* watchJob(
  transport: Transport,
  id: string,
  options: WatchOptions = {},
): AsyncGenerator<WatchedEvent, void, undefined> {
  const { signal, unreachableMsMax = unreachableMsMaxDefault } = options;
  let last = options.after ?? 0;
  let failingSinceMs: number | undefined;
  for (let failures = 0; ; ) {
    try {
      for await (const event of oneStream(transport, id, last, signal, () => {
        failures = 0;
        failingSinceMs = undefined;
      })) {
        if (event.number <= last) continue;
        last = event.number;
        yield event;
        if (event.type === "status" && endedStatuses.has(event.status)) return;
      }
      if (await hasEndedSilently(transport, id, failures, signal)) return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GridError && error.status < 500 && error.status !== 429) throw error;
      failingSinceMs ??= Date.now();
      if (Date.now() - failingSinceMs >= unreachableMsMax) throw error;
      options.onReconnect?.(error);
    }
    failures++;
    await sleep(pauseMs(reconnect, Math.min(failures, 10)), signal);
  }
}

/** One connection's events. `onAlive` is called when the connection stands. */
async function* oneStream(
  transport: Transport,
  id: string,
  after: number,
  signal: AbortSignal | undefined,
  onAlive: () => void,
): AsyncGenerator<WatchedEvent, void, undefined> {
  const hangUp = new AbortController();
  let silent: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(silent);
    silent = setTimeout(
      () => hangUp.abort(new ConnectionError(transport.url, "the event stream fell silent", "")),
      silentMsMax,
    );
  };
  const path = `/v1/jobs/${encodeURIComponent(id)}/events`;
  try {
    heard();
    const response = await transport.open({
      path,
      query: { batch: "true" },
      headers: { accept: "text/event-stream", "last-event-id": String(after) },
      unhurried: true,
      replayable: false, // resuming is this module's own business
      signal: signal ? AbortSignal.any([signal, hangUp.signal]) : hangUp.signal,
    });
    if (response.body === null) return;
    onAlive();
    const decoder = new TextDecoder();
    const messages = response.body
      .pipeThrough(
        new TransformStream<Uint8Array, string>({
          transform(chunk, controller) {
            heard();
            controller.enqueue(decoder.decode(chunk, { stream: true }));
          },
        }),
      )
      .pipeThrough(new EventSourceParserStream({ maxBufferSize: eventCharsMax }));
    for await (const message of messages) {
      yield* eventsOf(message);
    }
  } catch (error) {
    if (hangUp.signal.aborted) throw hangUp.signal.reason;
    if (error instanceof GridError || error instanceof ConnectionError) throw error;
    throw connectionError(transport.url + path, error);
  } finally {
    clearTimeout(silent);
    hangUp.abort();
  }
}

/** Events of one message. Those of a type that a newer API sends and this client does not know are passed over. */
function* eventsOf(message: {
  id?: string | undefined;
  event?: string | undefined;
  data: string;
}): Generator<WatchedEvent> {
  let data: unknown;
  try {
    data = JSON.parse(message.data);
  } catch {
    return;
  }
  const { event: type, id } = message;
  const one = { type, number: Number(id), ...(data as object) };
  for (const told of type === "batch" && Array.isArray(data) ? data : [one]) {
    const event = jobEventSchema.safeParse(told);
    const number = numberSchema.safeParse(told);
    if (event.success && number.success) yield { ...event.data, ...number.data };
  }
}

/** A stream that closes without an ending event: its job may have ended so long ago that the events are gone. */
async function hasEndedSilently(
  transport: Transport,
  id: string,
  failures: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (failures === 0) return false; // most likely a restart: first try to resume
  const job = await transport.json(
    { path: `/v1/jobs/${encodeURIComponent(id)}`, signal },
    jobStatusOnly,
  );
  return endedStatuses.has(job.status);
}
