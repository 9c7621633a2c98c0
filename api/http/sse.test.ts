import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JobEvent, NumberedEvent } from "../../protocol/events.ts";
import { eventStream } from "./sse.ts";

/** A job's events in memory, as the store's interface gives them. */
function log() {
  const events: NumberedEvent[] = [];
  const listeners = new Set<() => void>();
  let last: JobEvent | undefined;
  return {
    listeners,
    append(event: JobEvent) {
      events.push({ number: events.length + 1, atMs: 0, event });
      if (event.type === "status" && event.status === "succeeded") last = event;
      for (const listener of listeners) listener();
    },
    source: {
      read: async (after: number, limit: number) =>
        events.filter(({ number }) => number > after).slice(0, limit),
      watch(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      lastWord: async () => last,
    },
  };
}

const options = { after: 0, stopping: new AbortController().signal, clock: Date.now };
const queued: JobEvent = { type: "status", status: "queued" };
const done: JobEvent = { type: "status", status: "succeeded" };

async function read(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

test("events come in order and the last status ends the stream", async () => {
  const { append, source, listeners } = log();
  append(queued);
  const reading = read(eventStream(source, options));
  await new Promise((resolve) => setTimeout(resolve, 20));
  append({ type: "settle", fuel: 1, cost: 0, left: 0 });
  append(done);
  const text = await reading;
  expect(
    [...text.matchAll(/^id: (\d+)\nevent: (\w+)$/gm)].map(([, id, type]) => [id, type]),
  ).toEqual([
    ["1", "status"],
    ["2", "settle"],
    ["3", "status"],
  ]);
  expect(listeners.size).toBe(0);
});

test("events that are read together are one message, in bounded parts, when asked for", async () => {
  const { append, source } = log();
  append(queued);
  for (let round = 1; round <= 3; round++)
    append({ type: "round", round, metrics: { loss: round }, ms: 1, done: false });
  append({ type: "log", task: 0, line: "x".repeat(300_000) });
  append(done);
  const text = await read(eventStream(source, { ...options, batch: true }));
  const messages = [...text.matchAll(/^id: (\d+)\nevent: batch\ndata: (.*)$/gm)];
  expect(messages.map(([, id]) => id)).toEqual(["5", "6"]);
  const events = messages.flatMap(([, , data]) => JSON.parse(data!) as { number: number }[]);
  expect(events.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(events[2]).toEqual({
    number: 3,
    atMs: 0,
    type: "round",
    round: 2,
    metrics: { loss: 2 },
    ms: 1,
    done: false,
  });
});

test("a watcher that comes back gets only what it missed", async () => {
  const { append, source } = log();
  for (const event of [queued, done]) append(event);
  const text = await read(eventStream(source, { ...options, after: 1 }));
  expect(text).toContain("id: 2");
  expect(text).not.toContain("id: 1");
});

test("a job whose events are gone still says how it ended", async () => {
  const { source } = log();
  const gone = { ...source, lastWord: async () => done };
  expect(await read(eventStream(gone, options))).toContain('"status":"succeeded"');
});

test("a quiet stream beats, and ends when the server stops", async () => {
  const { source, listeners } = log();
  const stopping = new AbortController();
  const stream = eventStream(source, { ...options, stopping: stopping.signal, heartbeatMs: 10 });
  setTimeout(() => stopping.abort(), 60);
  expect(await read(stream)).toContain(": still here");
  expect(listeners.size).toBe(0);
});

test("a client that leaves is forgotten", async () => {
  const { source, listeners } = log();
  const reader = eventStream(source, options).getReader();
  await reader.read();
  await reader.cancel();
  expect(listeners.size).toBe(0);
});

/** With a clock that stands still unless a test moves it. */
describe("many events", () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
    });
  });
  afterEach(() => void vi.useRealTimers());

  const settle = (n: number): JobEvent => ({ type: "settle", fuel: n, cost: 0, left: 0 });
  const decoder = new TextDecoder();

  /** A stream whose chunks are taken as they come. */
  function watched(
    source: ReturnType<typeof log>["source"],
    more: { stopping?: AbortSignal } = {},
  ) {
    const reader = eventStream(source, { ...options, ...more }).getReader();
    const chunks: string[] = [];
    const ended = (async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        chunks.push(decoder.decode(value));
      }
    })();
    const ids = () => [...chunks.join("").matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    return { reader, chunks, ids, ended };
  }
  const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
  /** Lets everything happen that needs no time. */
  const now = () => vi.advanceTimersByTimeAsync(0);

  test("a burst is sent at once, in one piece", async () => {
    const { append, source } = log();
    const { chunks, ids } = watched(source);
    await now();
    for (let n = 1; n <= 100; n++) append(settle(n));
    await now();
    expect(ids()).toEqual(upTo(100));
    // After the one that opens the response.
    expect(chunks).toHaveLength(2);
  });

  test("a few, one after the other, are each sent at once", async () => {
    const { append, source } = log();
    const { chunks, ids } = watched(source);
    await now();
    for (let n = 1; n <= 3; n++) {
      append(settle(n));
      await now();
      expect(ids()).toEqual(upTo(n));
    }
    expect(chunks).toHaveLength(4);
  });

  test("a flood is sent in batches, and nothing of it is lost", async () => {
    const { append, source, listeners } = log();
    const { chunks, ids, ended } = watched(source);
    for (let n = 1; n < 3000; n++) {
      append(settle(n));
      await vi.advanceTimersByTimeAsync(1);
    }
    // Some at once and then one each 10 ms.
    expect(chunks.length).toBeLessThan(3000 / 10 + 10);
    expect(chunks.length).toBeGreaterThan(3000 / 10 - 10);
    // None waits for longer than that.
    expect(ids().length).toBeGreaterThan(3000 - 2 * 10);
    append(done);
    await vi.advanceTimersByTimeAsync(20);
    await ended;
    expect(ids()).toEqual(upTo(3000));
    expect(listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("after a quiet time the next ones are sent at once again", async () => {
    const { append, source } = log();
    const { ids } = watched(source);
    for (let n = 1; n <= 100; n++) {
      append(settle(n));
      await now();
    }
    expect(ids().length).toBeLessThan(100);
    await vi.advanceTimersByTimeAsync(1000);
    append(settle(101));
    await now();
    expect(ids()).toEqual(upTo(101));
  });

  describe("while the next batch waits for its turn", () => {
    /** A stream that has sent so much that the last event waits, and how often it read. */
    async function waiting(more: { stopping?: AbortSignal } = {}) {
      const { append, source, listeners } = log();
      let reads = 0;
      const counted = (after: number, limit: number) => {
        reads++;
        return source.read(after, limit);
      };
      const stream = watched({ ...source, read: counted }, more);
      let last = 0;
      while (stream.ids().length === last && last < 100) {
        append(settle(++last));
        await now();
      }
      return { ...stream, append, listeners, last, reads: () => reads };
    }

    test("a client that leaves is forgotten, and nothing more is read for it", async () => {
      const { reader, ended, listeners, reads } = await waiting();
      const before = reads();
      await reader.cancel();
      await ended;
      expect(listeners.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
      await vi.advanceTimersByTimeAsync(1000);
      expect(reads()).toBe(before);
    });

    test("a server that stops ends the stream after that batch", async () => {
      const stopping = new AbortController();
      const { ids, ended, listeners, last } = await waiting({ stopping: stopping.signal });
      stopping.abort();
      await vi.advanceTimersByTimeAsync(20);
      await ended;
      expect(ids()).toEqual(upTo(last));
      expect(listeners.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});
