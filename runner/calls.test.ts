import { afterEach, expect, it } from "vitest";
import { guestBundle } from "./testing/guest-bundle.ts";
import { Harness, type HarnessOptions } from "./testing/harness.ts";

let harness: Harness;
async function start(options?: HarnessOptions): Promise<Harness> {
  harness = await Harness.start(options);
  return harness;
}
afterEach(() => harness.close());

it("answers a call with bytes, fuel and digest", async () => {
  const { gateway } = await start();
  const call = harness.call({ params: { log: true } }, [1, 2]);
  expect(await harness.answer(call)).toEqual({ echo: [1, 2], uses: {}, loads: 0 });
  expect(gateway.messages("called")[0]).toMatchObject({ call, fuel: 4, logs: ["called"] });
});

it("answers many concurrent calls, sharing frames, fetching the bundle once", async () => {
  const { gateway } = await start({ runner: { slots: 2 } });
  await harness.answer(harness.call({}, "warm"));
  const before = gateway.frames;
  const calls = Array.from({ length: 500 }, (_, i) => harness.call({}, i));
  for (const [i, call] of calls.entries())
    expect(await harness.answer(call)).toMatchObject({ echo: i });
  expect(gateway.frames - before).toBeLessThan(250);
  expect(gateway.blobRequests).toHaveLength(1);
});

it("does not fetch a bundle that came with its call, unless it is another one", async () => {
  const { gateway } = await start();
  const bundle = Buffer.from(guestBundle("map"));
  await harness.answer(harness.call({}, 1, [bundle]));
  expect(gateway.blobRequests).toHaveLength(0);

  const forged = Buffer.from("(() => null)()");
  const other = gateway.blob(`${guestBundle("map")}\n`);
  expect(await harness.answer(harness.call({ bundle: other }, 2, [forged]))).toMatchObject({
    echo: 2,
  });
  expect(gateway.blobRequests).toMatchObject([{ method: "GET", digest: other }]);
});

it("an error in one call leaves the others of its trip alone", async () => {
  const { gateway } = await start();
  await harness.answer(harness.call({}, "warm"));
  const calls = Array.from({ length: 20 }, (_, i) => harness.call({ params: { throwOn: 7 } }, i));
  for (const [i, call] of calls.entries()) {
    if (i === 7) continue;
    expect(await harness.answer(call)).toMatchObject({ echo: i });
  }
  expect(gateway.messages("callFailed")).toEqual([
    {
      type: "callFailed",
      call: calls[7],
      fuel: 3,
      error: expect.objectContaining({ code: "function-threw", message: "cannot take 7" }),
    },
  ]);
});

it("a call that never ends fails alone", async () => {
  const { gateway } = await start();
  await harness.answer(harness.call({}, "warm"));
  const limits = { fuelPerTask: 1000, memoryMb: 128, timeoutMs: 300 };
  const calls = [0, 1, 2].map((i) => harness.call({ params: { spinOn: 1 }, limits }, i));
  expect(await harness.answer(calls[0]!)).toMatchObject({ echo: 0 });
  expect(await harness.answer(calls[2]!)).toMatchObject({ echo: 2 });
  expect(gateway.messages("callFailed")).toMatchObject([
    { call: calls[1], error: { code: "timeout" } },
  ]);
});

it("binds constants, JSON and datasets, and loads them once", async () => {
  const { gateway } = await start();
  const table = harness.dataset([["a", "b"], ["c"]]);
  const uses = {
    model: { digest: gateway.blob('{"w":[1,2]}'), type: "json" },
    table: { digest: table.digest, type: "dataset" },
  } as const;
  const expected = { model: { w: [1, 2] }, table: ["a\nb", "c"] };
  for (let i = 0; i < 3; i++)
    expect(await harness.answer(harness.call({ uses }, i))).toEqual({
      echo: i,
      uses: expected,
      loads: 4,
    });
  // Bundle, model, manifest, two shards.
  expect(gateway.blobRequests).toHaveLength(5);
});

it("goes before queued leases", async () => {
  const { gateway } = await start();
  await harness.answer(harness.call({}, "warm"));
  const job = harness.job("map", { params: { work: 2_000_000 } });
  const tasking = { type: "range", count: 120, perTask: 1 } as const;
  const lease = harness.lease(job, { hi: 120, tasking });
  await gateway.until(() => harness.outputsSoFar(lease).length > 5);
  const call = harness.call({}, "now");
  await harness.answer(call);
  expect(harness.outputsSoFar(lease).length).toBeLessThan(120);
  await harness.outputs(lease, 120);
});

it("never lets two owners share a process", async () => {
  await start();
  const uses = { model: { digest: harness.gateway.blob('"m"'), type: "json" } } as const;
  const pids = new Set<number>();
  for (const owner of ["ann", "bob", "ann"]) {
    // A process that had served the owner before would have loaded nothing anew: loads would still be 1 there, but
    // the process that served another is gone.
    expect(await harness.answer(harness.call({ owner, uses }, owner))).toMatchObject({ loads: 1 });
    for (const pid of harness.runner.pids()) pids.add(pid);
  }
  // One slot and one spare at a time, but the slot was replaced twice.
  expect(pids.size).toBeGreaterThanOrEqual(3);
});

it("keeps a bounded number of bundles open and reopens one that was closed", async () => {
  await start();
  const bundles = Array.from({ length: 12 }, (_, i) =>
    harness.gateway.blob(guestBundle("map", `salt ${i}`)),
  );
  for (let pass = 0; pass < 2; pass++)
    for (const bundle of bundles)
      expect(await harness.answer(harness.call({ bundle }, pass))).toMatchObject({ echo: pass });
});

it("refuses an answer too large for a direct call", async () => {
  const { gateway } = await start();
  const call = harness.call({ params: { pad: 10_000_000 } }, 1);
  const { message } = await gateway.next("callFailed");
  expect(message).toMatchObject({ call, error: { code: "output-too-large" } });
});

it("a cancelled call says nothing", async () => {
  const { gateway } = await start();
  const call = harness.call({ params: { spinOn: 1 } }, 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  gateway.send({ type: "cancelCall", call });
  expect(await harness.answer(harness.call({}, 2))).toMatchObject({ echo: 2 });
  expect(gateway.messages("callFailed")).toEqual([]);
});
