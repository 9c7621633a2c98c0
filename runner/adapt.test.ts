import { afterEach, expect, it } from "vitest";
import { Harness, type HarnessOptions } from "./testing/harness.ts";

/** What a runner lends changes while it works. */
const harnesses: Harness[] = [];
afterEach(async () => {
  for (const harness of harnesses.splice(0)) await harness.close();
});

async function start(options: HarnessOptions = {}): Promise<Harness> {
  const gateway = { understands: ["offer"] as const, ...options.gateway };
  const harness = await Harness.start({ ...options, gateway });
  harnesses.push(harness);
  return harness;
}

const range = (count: number) => ({ type: "range", count, perTask: 1 }) as const;
const asked = { reason: "asked" } as const;

it("more slots work at once, without another session", async () => {
  const harness = await start();
  const { gateway, runner } = harness;
  runner.adapt({ ...runner.terms, slots: 3, memoryMb: 900, ask: 1.5, pools: ["own"] });
  const { message } = await gateway.next("offer");
  expect(message).toMatchObject({ slots: 3, memoryMb: 900, ask: 1.5, pools: ["own"] });
  const job = harness.job("map", { params: { work: 50_000_000 } });
  const leases = [1, 2, 3].map(() => harness.lease(job, { hi: 4, tasking: range(4) }));
  await gateway.until(() => runner.activity().busy === 3);
  for (const lease of leases) await harness.outputs(lease, 4);
  expect(gateway.sessions).toBe(1);
});

it("a slot too many ends what it began; what waits goes to the others, and its process ends", async () => {
  const harness = await start({ runner: { slots: 3 } });
  const { gateway, runner } = harness;
  const job = harness.job("map", { params: { work: 10_000_000 } });
  await harness.outputs(harness.lease(job, { tasking: range(1) }), 1);
  const leases = [1, 2, 3, 4, 5, 6].map(() => harness.lease(job, { hi: 8, tasking: range(8) }));
  await gateway.until(() => runner.activity().busy === 3);
  expect(runner.pids().length).toBeGreaterThanOrEqual(3);
  runner.adapt({ ...runner.terms, slots: 1 });
  for (const lease of leases) expect(await harness.outputs(lease, 8)).toHaveLength(8);
  expect(gateway.messages("failed")).toEqual([]);
  // The one slot's, and the spare.
  await gateway.until(() => runner.pids().length === 2);
  runner.adapt({ ...runner.terms, slots: 2 });
  const more = [1, 2].map(() => harness.lease(job, { hi: 8, tasking: range(8) }));
  await gateway.until(() => runner.activity().busy === 2);
  for (const lease of more) await harness.outputs(lease, 8);
});

it("a pause ends what computes, hands back the rest, and says why; then it goes on in the same session", async () => {
  const harness = await start();
  const { gateway, runner } = harness;
  const job = harness.job("map", { params: { work: 20_000_000 } });
  await harness.outputs(harness.lease(job, { tasking: range(1) }), 1);
  const first = harness.lease(job, { hi: 200, tasking: range(200) });
  const second = harness.lease(job, { hi: 200, tasking: range(200) });
  await gateway.until(() => harness.outputsSoFar(first).length > 3);
  runner.pause({ reason: "hours", until: "2026-11-24T06:00:00.000Z" });
  await gateway.until(() => runner.leases === 0);
  const { message } = await gateway.next("offer");
  expect(message.paused).toEqual({ reason: "hours", until: "2026-11-24T06:00:00.000Z" });
  // What the runner has said may still be on its way.
  await gateway.until(() => releasedOf(harness).length >= 2);
  expect(releasedOf(harness).toSorted()).toEqual([first, second].toSorted());
  expect(gateway.messages("failed")).toEqual([]);
  expect(gateway.messages("draining")).toEqual([]);
  // What the gateway had sent before it heard goes back as well; a call is to be made elsewhere.
  const late = harness.lease(job, { tasking: range(1) });
  await gateway.until(() => gateway.messages("released").some(({ leases }) => leases[0] === late));
  const call = harness.call({}, 1);
  const failed = await gateway.until(() => gateway.messages("callFailed")[0]);
  expect(failed).toMatchObject({ call, error: { code: "task-lost" } });
  runner.resume();
  const again = harness.lease(job, { hi: 3, tasking: range(3) });
  await harness.outputs(again, 3);
  expect(gateway.messages("offer").at(-1)).not.toHaveProperty("paused");
  expect(gateway.sessions).toBe(1);
});

it("a pause that is ended while it drains takes work at once, and what was handed back stays so", async () => {
  const harness = await start();
  const { gateway, runner } = harness;
  const job = harness.job("map", { params: { work: 20_000_000 } });
  await harness.outputs(harness.lease(job, { tasking: range(1) }), 1);
  const old = harness.lease(job, { hi: 200, tasking: range(200) });
  await gateway.until(() => harness.outputsSoFar(old).length > 3);
  runner.pause(asked);
  runner.resume();
  const fresh = harness.lease(job, { hi: 3, tasking: range(3) });
  await harness.outputs(fresh, 3);
  await gateway.until(() => runner.leases === 0 && releasedOf(harness).length > 0);
  expect(releasedOf(harness)).toEqual([old]);
});

it("a runner that starts paused says so in its hello, and says it again to the next gateway", async () => {
  const harness = await start({ runner: { paused: { reason: "battery" } } });
  const { gateway, runner } = harness;
  const hello = (await gateway.next("hello")).message;
  expect(hello.paused).toEqual({ reason: "battery" });
  gateway.socket!.terminate();
  await gateway.until(() => gateway.sessions === 2);
  expect(gateway.messages("hello")[1]!.paused).toEqual({ reason: "battery" });
  runner.resume();
  await gateway.next("offer");
});

it("an older gateway is told what it knows: that the runner drains, and by a new session that it is back", async () => {
  const harness = await start({ gateway: { understands: [] } });
  const { gateway, runner } = harness;
  runner.pause(asked);
  await gateway.next("draining");
  runner.resume();
  await gateway.until(() => gateway.sessions === 2);
  expect(gateway.messages("offer")).toEqual([]);
  runner.adapt({ ...runner.terms, slots: 2 });
  await gateway.until(() => gateway.sessions === 3);
  expect(gateway.messages("hello").at(-1)).toMatchObject({ slots: 2 });
});

it("half of the processor time is no more than half, and a limit that is lifted holds no more", {
  timeout: 120_000,
}, async () => {
  const harness = await start({ runner: { cpuPercent: 50 } });
  const { gateway, runner } = harness;
  const job = harness.job("map", { params: { work: 2_000_000 } });
  await harness.outputs(harness.lease(job, { tasking: range(1) }), 1);
  const lease = harness.lease(job, { hi: 1000, tasking: range(1000) });
  await outputs(5);
  const share = await shareOver(100);
  // Each rest is at least as long as the trip before it, whatever else the machine is at; there is one more trip.
  expect(share).toBeLessThan(0.6);
  runner.adapt({ ...runner.terms, cpuPercent: 100 });
  await outputs(10);
  expect(await shareOver(100)).toBeGreaterThan(share * 1.2);

  /** Waits for so many outputs more. */
  async function outputs(more: number): Promise<void> {
    const wanted = harness.outputsSoFar(lease).length + more;
    await gateway.until(() => harness.outputsSoFar(lease).length >= wanted, 50_000);
  }

  /** Of the time that they took, the part in which the executor computed, as it tells itself. */
  async function shareOver(tasks: number): Promise<number> {
    const [from, startedMs] = [computedMs(), performance.now()];
    await outputs(tasks);
    return (computedMs() - from) / (performance.now() - startedMs);
  }

  function computedMs(): number {
    return gateway.messages("result").reduce((sum, { ms }) => sum + ms, 0);
  }
});

it("work that needs more memory than is lent goes back, and nothing more is taken for a while", async () => {
  const harness = await start();
  const { gateway, runner } = harness;
  const limits = { fuelPerTask: 1e12, memoryMb: 4096, timeoutMs: 60_000 };
  const job = harness.job("map", { shards: [["hog"]], params: { hogOn: "hog" }, limits });
  runner.adapt({ ...runner.terms, memoryMb: ownMb() + 300 });
  const lease = harness.lease(job, { tasking: { type: "shards" } });
  await gateway.until(() => runner.memoryShortUntilMs !== undefined, 20_000);
  expect(await harness.ended(lease)).toEqual({ type: "released", leases: [lease] });
  expect(runner.memoryShortUntilMs).toBeGreaterThan(Date.now());
});

it("executors that only keep what they had decoded are replaced when less memory is lent", async () => {
  const harness = await start();
  const { gateway, runner } = harness;
  const shards = Array.from({ length: 4 }, (_, i) => [String(i).repeat(25_000_000)]);
  const limits = { fuelPerTask: 1e12, memoryMb: 1024, timeoutMs: 60_000 };
  const job = harness.job("iterate", { shards, limits });
  const run = { hi: 4, leaves: 4, tasking: { type: "shards" }, round: 1, hasState: true } as const;
  const lease = harness.lease(job, run, [Buffer.alloc(8)]);
  await harness.outputs(lease, 4);
  await gateway.until(() => runner.activity().busy === 0);
  const kept = runner.pids();
  runner.adapt({ ...runner.terms, memoryMb: ownMb() });
  await gateway.until(() => !kept.every((pid) => runner.pids().includes(pid)));
  expect(runner.memoryShortUntilMs).toBeUndefined();
});

function releasedOf({ gateway }: Harness): string[] {
  return gateway.messages("released").flatMap(({ leases }) => leases);
}

/** Of this process, which is the runner's. */
function ownMb(): number {
  return Math.round(process.memoryUsage.rss() / (1024 * 1024));
}
