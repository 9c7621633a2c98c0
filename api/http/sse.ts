import type { JobEvent, NumberedEvent } from "../../protocol/events.ts";
import { endedStatuses } from "../../protocol/job.ts";

/** Proxies give up on silent connections after 30 to 60 s. */
export const heartbeatEveryMs = 15_000;
const eventsPerRead = 500;

/** So many reads at once, and one more each so many ms: a job of a thousand rounds a second is sent in batches. */
const readsAtOnce = 8;
const readEveryMs = 10;

export interface JobEventSource {
  read(after: number, limit: number): Promise<NumberedEvent[]>;
  watch(listener: () => void): () => void;
  /** How the job ended, when it has. */
  lastWord(): Promise<JobEvent | undefined>;
}

export interface EventStreamOptions {
  after: number;
  stopping: AbortSignal;
  clock: () => number;
  heartbeatMs?: number;
  /** Events that are read together are one message: a list, whose id is the last one's. */
  batch?: boolean;
}

/**
 * Events as server-sent events. Reads only as fast as the client takes them, and from the store each time, so a slow
 * client costs no memory. Ends after the terminal status, also when it was read before; when the server stops, too:
 * the client comes back with Last-Event-ID.
 */
export function eventStream(
  source: JobEventSource,
  { after, stopping, heartbeatMs = heartbeatEveryMs, batch = false }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const formatOne = (event: Told) => (batch ? formatTogether([event]) : format(event));
  let last = after;
  let wake = Promise.withResolvers<void>();
  let closed = false;
  let unwatch = () => {};
  let heartbeat: NodeJS.Timeout | undefined;
  const signal = () => wake.resolve();
  const pace = new Pace();

  function close(): void {
    closed = true;
    pace.end();
    clearInterval(heartbeat);
    stopping.removeEventListener("abort", signal);
    unwatch();
    wake.resolve();
  }

  /** The next text to send, waiting for it; undefined at the end. */
  async function next(): Promise<{ text: string; isLast: boolean } | undefined> {
    while (!closed && !stopping.aborted) {
      wake = Promise.withResolvers<void>();
      // The last word is asked for when the stream opens and with each heartbeat: in between, an end is an event like
      // any other, and asking with every event would cost as much as the event. Asked first, so that an end between the
      // two reads is found by the second.
      const word = mayHaveEnded ? await source.lastWord() : undefined;
      mayHaveEnded = false;
      await pace.turn(performance.now());
      if (closed) return undefined;
      const events = await source.read(last, eventsPerRead);
      if (events.length > 0) {
        // An end whose event is no longer kept must not be forgotten.
        mayHaveEnded = word !== undefined;
        last = events.at(-1)!.number;
        const text = batch ? formatTogether(events) : events.map(format).join("");
        return { text, isLast: events.some(isTerminal) };
      }
      if (word !== undefined) {
        const text = last === after ? formatOne({ number: last + 1, event: word }) : "";
        return { text, isLast: true };
      }
      await wake.promise;
      if (beat) {
        beat = false;
        mayHaveEnded = true;
        return { text: ": still here\n\n", isLast: false };
      }
    }
    return undefined;
  }

  let beat = false;
  let mayHaveEnded = true;
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        unwatch = source.watch(signal);
        stopping.addEventListener("abort", signal, { once: true });
        heartbeat = setInterval(() => {
          beat = true;
          signal();
        }, heartbeatMs);
        heartbeat.unref();
        // Opens the response at once, however quiet the job is.
        controller.enqueue(encoder.encode("retry: 1000\n\n"));
      },
      async pull(controller) {
        try {
          const sent = await next();
          if (sent?.text) controller.enqueue(encoder.encode(sent.text));
          if (sent && !sent.isLast) return;
          close();
          controller.close();
        } catch (error) {
          close();
          controller.error(error);
        }
      },
      cancel: close,
    },
    { highWaterMark: 1 },
  );
}

/** A bucket of turns that fills up with time. */
class Pace {
  #turns = readsAtOnce;
  #atMs = 0;
  #end = () => {};

  /** Resolves when it is one's turn, or at the end. */
  async turn(nowMs: number): Promise<void> {
    this.#turns = Math.min(this.#turns + (nowMs - this.#atMs) / readEveryMs, readsAtOnce) - 1;
    this.#atMs = nowMs;
    if (this.#turns >= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, -this.#turns * readEveryMs);
    this.#end = () => {
      clearTimeout(timer);
      resolve();
    };
    await promise;
  }

  end(): void {
    this.#end();
  }
}

type Told = Pick<NumberedEvent, "number" | "event"> & { atMs?: number };

function format({ number, event }: Told): string {
  return `id: ${number}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Clients bound the size of a message. */
const batchCharsMax = 256 * 1024;

function formatTogether(events: readonly Told[]): string {
  let messages = "";
  let list: string[] = [];
  let chars = 0;
  events.forEach(({ number, atMs, event }, i) => {
    const text = JSON.stringify({ number, atMs, ...event });
    chars += text.length;
    list.push(text);
    if (chars < batchCharsMax && i < events.length - 1) return;
    messages += `id: ${number}\nevent: batch\ndata: [${list.join()}]\n\n`;
    [list, chars] = [[], 0];
  });
  return messages;
}

function isTerminal({ event }: NumberedEvent): boolean {
  return event.type === "status" && endedStatuses.has(event.status);
}
