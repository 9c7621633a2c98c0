import { expect, test } from "vitest";
import type { JobEvent } from "../../protocol/events.ts";
import { eventsKeptMax } from "../../protocol/limits.ts";
import { type Context, eventually, newJob } from "./context.ts";
import { nowMs } from "./fixtures.ts";

const line = (text: string): JobEvent => ({ type: "log", task: 1, line: text });

export function eventBehaviour({ store, open, shared }: Context): void {
  test("events are numbered from 1 without gaps and read after a number, oldest first", async () => {
    const { events } = store();
    const id = await newJob(store(), 1);
    expect(await events.read(id, 0, 10)).toEqual([]);
    expect(await events.append(id, [line("ä 🎲"), line("b")], nowMs)).toBe(2);
    expect(await events.append(id, [line("c")], nowMs + 1)).toBe(3);
    expect(await events.append(id, [], nowMs)).toBe(3);
    expect(await events.read(id, 0, 10)).toEqual([
      { number: 1, atMs: nowMs, event: line("ä 🎲") },
      { number: 2, atMs: nowMs, event: line("b") },
      { number: 3, atMs: nowMs + 1, event: line("c") },
    ]);
    expect((await events.read(id, 1, 1)).map(({ number }) => number)).toEqual([2]);
    expect(await events.read(id, 3, 10)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await events.append(id, [line("d")], nowMs);
    expect((await events.read(id, 1, 10)).map(({ number }) => number)).toEqual([2, 3, 4]);
    expect((await events.read(id, 0, 2)).map(({ number }) => number)).toEqual([1, 2]);
  });

  test("concurrent appends number every event once", async () => {
    const { events } = store();
    const id = await newJob(store(), 1);
    const appended = Array.from({ length: 50 }, (_, i) =>
      events.append(id, [line(`${i}a`), line(`${i}b`)], nowMs),
    );
    expect(new Set(await Promise.all(appended)).size).toBe(50);
    const all = await events.read(id, 0, 1000);
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  test("an ended job still takes events", async () => {
    const { events, jobs } = store();
    const id = await newJob(store(), 1);
    await events.append(id, [line("a")], nowMs);
    await jobs.setStatus(id, "cancelled", { nowMs });
    expect(await events.append(id, [line("b")], nowMs)).toBe(2);
    expect((await events.read(id, 0, 10)).map(({ number }) => number)).toEqual([1, 2]);
  });

  test("only the newest events are kept", async () => {
    const { events } = store();
    const id = await newJob(store(), 1);
    const batch = Array.from({ length: 500 }, (_, i) => line(String(i)));
    const batches = eventsKeptMax / batch.length + 2;
    for (let i = 0; i < batches; i++) await events.append(id, batch, nowMs);
    const kept = await events.read(id, 0, eventsKeptMax * 2);
    expect(kept).toHaveLength(eventsKeptMax);
    expect(kept.at(-1)?.number).toBe(batches * batch.length);
    expect((await events.read(id, 0, 3)).map(({ number }) => number)).toEqual([1001, 1002, 1003]);
  });

  test("a watcher of a job hears of its events alone, until it stops", async () => {
    const [id, other] = [await newJob(store(), 1), await newJob(store(), 1)];
    const second = shared ? await open() : store();
    let heard = 0;
    let strange = 0;
    const stop = second.events.watch(id, () => heard++);
    const stopOther = second.events.watch(other, () => strange++);
    await new Promise((resolve) => setTimeout(resolve, 150));
    [heard, strange] = [0, 0];
    await store().events.append(id, [line("a")], nowMs);
    await eventually(() => heard > 0);
    expect(strange).toBe(0);
    stop();
    heard = 0;
    await store().events.append(id, [line("b")], nowMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toBe(0);
    stopOther();
    if (shared) await second.close();
  });
}
