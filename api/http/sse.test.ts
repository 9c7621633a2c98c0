import { expect, test } from "vitest";
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
  append({ type: "settle", fuel: 1 });
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
