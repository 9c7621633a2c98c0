import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { digestOf } from "../../protocol/digest.ts";
import { decodeFrame } from "../../protocol/frames.ts";
import { protocolVersion } from "../../protocol/limits.ts";
import { JobViews } from "../jobs/job-view.ts";
import { plan } from "../jobs/plan.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/port.ts";
import { jobSpecOf } from "../testing/job-spec.ts";
import { BlobTokens } from "./blob-token.ts";
import { Dispatcher } from "./dispatcher.ts";
import { LeaseSizing } from "./lease-sizing.ts";
import { RunnerSession } from "./session.ts";

/** A dispatcher on a real store; at the other end of real sockets, a test that says when work is done. */
let dataDir: string;
let store: Store;
let server: WebSocketServer;
let sessions: Map<string, RunnerSession>;
let dispatcher: Dispatcher;
let clients: WebSocket[];
let runs: { session: string; job: string; lease: string; lo: number; hi: number }[];
let errors: unknown[];
const slots = 2;
/** Four leases a slot. */
const room = slots * 4;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-dispatcher-"));
  store = await openStore({ dataDir });
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  sessions = new Map();
  [clients, runs, errors] = [[], [], []];
  dispatcher = new Dispatcher({
    store,
    views: new JobViews(store, Date.now),
    sessions,
    mayWork: () => true,
    sizing: new LeaseSizing(),
    tokens: new BlobTokens("secret"),
    clock: Date.now,
    onFirstLease: async () => {},
    onSettled: async () => {},
    onBroken: async (_job, error) => void errors.push(error),
    onCopied: () => {},
    onError: (error) => errors.push(error),
  });
});
afterEach(async () => {
  dispatcher.close();
  for (const client of clients) client.terminate();
  server.close();
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
  expect(errors).toEqual([]);
});

async function connect(id: string): Promise<RunnerSession> {
  const connected = once(server, "connection") as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  clients.push(client);
  client.on("message", (data: Buffer) => {
    for (const { message } of decodeFrame(data)) {
      const run = message as { type: string; job: string; lease: string; lo: number; hi: number };
      if (run.type === "run") runs.push({ ...run, session: id });
    }
  });
  const [socket] = await connected;
  const hello = {
    type: "hello",
    protocol: protocolVersion,
    runner: id,
    name: id,
    version: "1",
    hostClass: "v8",
    slots,
    memoryMb: 1000,
    platform: "linux",
  } as const;
  const session = new RunnerSession(id, hello, { account: "acc_test" }, socket, Date.now());
  sessions.set(id, session);
  return session;
}

async function submit(id: string, tasks: number): Promise<void> {
  const spec = jobSpecOf({
    id,
    kind: "map",
    input: { type: "range", count: tasks },
    recordsPerTask: 1,
  });
  await store.jobs.create(spec, plan(spec, []));
  dispatcher.wake(id);
}

/** The runs that have arrived once there are `count`, and no more come. */
async function arrived(count: number): Promise<typeof runs> {
  const deadline = performance.now() + 5_000;
  while (runs.length < count && performance.now() < deadline) await sleep(5);
  await sleep(30);
  expect(runs).toHaveLength(count);
  return runs;
}

/** A runner's answer to the oldest lease that it still holds of a job. */
async function answer(session: RunnerSession, job: string): Promise<void> {
  const held = [...session.leases.values()].find((lease) => lease.job === job)!;
  const { token, next, hi } = held;
  session.leases.delete(token);
  const hash = digestOf("1");
  const outputs = [
    { level: 0, index: next, hash, fuel: 1, bytes: 1, hostClass: "v8", inline: Buffer.from("1") },
  ];
  const { results } = await store.jobs.complete(job, [
    { token, lo: next, hi, outputs, earner: "acc_lender run_1" },
  ]);
  expect(results).toEqual(["accepted"]);
  dispatcher.wake();
}

const heldOf = (session: RunnerSession) =>
  Object.groupBy(session.leases.values(), (lease) => lease.job);

describe("two jobs", () => {
  test("that come together share the room", async () => {
    const session = await connect("s1");
    await Promise.all([submit("job_a", 100), submit("job_b", 100)]);
    await arrived(room);
    // Whichever was first may have filled the room before the other came; from then on they even out.
    for (let i = 0; i < room; i++) {
      const held = heldOf(session);
      const most = (held.job_a?.length ?? 0) >= (held.job_b?.length ?? 0) ? "job_a" : "job_b";
      await answer(session, most);
      await arrived(room + i + 1);
    }
    const held = heldOf(session);
    expect([held.job_a!.length, held.job_b!.length].sort()).toEqual([room / 2, room / 2]);
  });

  test("a newcomer gets the next room, until both hold as much", async () => {
    const session = await connect("s1");
    await submit("job_a", 10_000);
    await arrived(room);
    await submit("job_b", 10_000);
    await arrived(room);
    for (let i = 0; i < room / 2; i++) {
      await answer(session, "job_a");
      await arrived(room + i + 1);
      expect(runs.at(-1)!.job).toBe("job_b");
    }
    const held = heldOf(session);
    expect([held.job_a!.length, held.job_b!.length]).toEqual([room / 2, room / 2]);
  });

  test("one that has little to do leaves its share to the other", async () => {
    await connect("s1");
    await submit("job_small", 1);
    await submit("job_large", 1000);
    const all = await arrived(room);
    expect(all.filter(({ job }) => job === "job_small")).toHaveLength(1);
    expect(all.filter(({ job }) => job === "job_large")).toHaveLength(room - 1);
  });
});

describe("runners", () => {
  test("no task goes out twice, and all runners get work", async () => {
    await connect("s1");
    await connect("s2");
    await submit("job_a", 1000);
    const all = await arrived(room * 2);
    expect(new Set(all.map(({ session }) => session))).toEqual(new Set(["s1", "s2"]));
    const tasks = all.flatMap(({ lo, hi }) => Array.from({ length: hi - lo }, (_, i) => lo + i));
    expect(new Set(tasks).size).toBe(tasks.length);
  });

  test("one that drains, or whose work was copied, gets nothing more", async () => {
    const draining = await connect("s1");
    draining.draining = true;
    const suspect = await connect("s2");
    suspect.suspect = true;
    await connect("s3");
    await submit("job_a", 1000);
    const all = await arrived(room);
    expect(new Set(all.map(({ session }) => session))).toEqual(new Set(["s3"]));
    expect(suspect.heard(Date.now())).toBe(true);
    dispatcher.wake();
    const more = await arrived(room * 2);
    expect(more.filter(({ session }) => session === "s2")).toHaveLength(room);
  });
});
