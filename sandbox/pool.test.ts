import { afterEach, expect, it } from "vitest";
import { GridError } from "../protocol/errors.ts";
import { createExecutorPool, type ExecutorPool } from "./index.ts";
import { handGuest } from "./testing/hand-guest.ts";
import { collect, mapRequest, text } from "./testing/requests.ts";

let pool: ExecutorPool | undefined;

afterEach(async () => {
  await pool?.close();
});

const counter = handGuest({
  before: "let count = 0;",
  run: "count += 1; return [{}, String(count)]",
});

async function count(executor: Awaited<ReturnType<ExecutorPool["acquire"]>>["executor"]) {
  executor.open("counter", counter, { memoryMb: 64 });
  return text((await collect(executor, "counter", [mapRequest(0)]))[0]);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it did not come about within 5 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

it("keeps an owner's process and what it has open", async () => {
  pool = createExecutorPool({ slots: 1 });
  const slot = pool.slot(0);
  const first = await slot.executorFor("ada");
  expect(await count(first)).toBe("1");
  expect(slot.owner).toBe("ada");
  const again = await slot.executorFor("ada");
  expect(again).toBe(first);
  expect(await count(again)).toBe("2");
});

it("never lets one process serve two owners", async () => {
  pool = createExecutorPool({ slots: 1 });
  const slot = pool.slot(0);
  const ada = await slot.executorFor("ada");
  expect(await count(ada)).toBe("1");
  const bob = await slot.executorFor("bob");
  expect(bob.pid).not.toBe(ada.pid);
  await ada.exited;
  expect(alive(ada.pid)).toBe(false);
  expect(await count(bob)).toBe("1");
});

it("replaces a dead process at once by the spare, and the spare in turn", async () => {
  pool = createExecutorPool({ slots: 1 });
  const slot = pool.slot(0);
  const executor = await slot.executorFor("ada");
  await until(() => pool?.pids().length === 2);
  const spare = pool.pids().find((pid) => pid !== executor.pid);
  process.kill(executor.pid, "SIGKILL");
  await executor.exited;
  const next = await slot.executorFor("ada");
  expect(next.pid).toBe(spare);
  expect(await count(next)).toBe("1");
  await until(() => pool?.pids().length === 2);
});

it("replaces a spare that dies", async () => {
  pool = createExecutorPool({ slots: 1 });
  const executor = await pool.slot(0).executorFor("ada");
  await until(() => pool?.pids().length === 2);
  const spare = pool.pids().find((pid) => pid !== executor.pid)!;
  process.kill(spare, "SIGKILL");
  await until(() => !alive(spare) && pool?.pids().length === 2);
});

it("lends slots to owners in turn, and refuses what no one can wait for", async () => {
  pool = createExecutorPool({ slots: 1, waitersMax: 1 });
  const first = await pool.acquire("ada");
  const waiting = pool.acquire("bob");
  await expect(pool.acquire("eve")).rejects.toMatchObject({ code: "queue-full" });
  expect(await count(first.executor)).toBe("1");
  first.release();
  first.release();
  const second = await waiting;
  expect(second.executor.pid).not.toBe(first.executor.pid);
  expect(await count(second.executor)).toBe("1");
  second.release();
});

it("stops waiting when its caller does", async () => {
  pool = createExecutorPool({ slots: 1 });
  const loan = await pool.acquire("ada");
  const abort = new AbortController();
  const waiting = pool.acquire("bob", abort.signal);
  abort.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  loan.release();
  (await pool.acquire("ada")).release();
});

it("kills every process when it closes, and everything that waits is told", async () => {
  const closing = createExecutorPool({ slots: 2 });
  const executor = await closing.slot(0).executorFor("ada");
  executor.open("busy", handGuest({ run: "for (;;);" }), { memoryMb: 64 });
  const run = collect(executor, "busy", [mapRequest(0)]);
  run.catch(() => {});
  await until(() => closing.pids().length === 3);
  const pids = closing.pids();
  await closing.close();
  await closing.close();
  await expect(run).rejects.toMatchObject({ code: "shutting-down" });
  expect(pids.filter(alive)).toEqual([]);
  await expect(closing.slot(0).executorFor("ada")).rejects.toBeInstanceOf(GridError);
  await expect(closing.acquire("ada")).rejects.toMatchObject({ code: "shutting-down" });
});
