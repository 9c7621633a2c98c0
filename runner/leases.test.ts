import { afterEach, describe, expect, it } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import { Harness, type HarnessOptions, type LeaseOutput } from "./testing/harness.ts";

let harness: Harness;
async function start(options?: HarnessOptions): Promise<Harness> {
  harness = await Harness.start(options);
  return harness;
}
afterEach(() => harness.close());

const texts = (outputs: LeaseOutput[]): string[] => outputs.map(({ body }) => body.toString());
const numbers = (outputs: LeaseOutput[]): number[] =>
  outputs.map(({ body }) => body.readDoubleLE(0));
const f64 = (value: number): Buffer => Buffer.from(Float64Array.of(value).buffer);
const gets = (): string[] =>
  harness.gateway.blobRequests.filter(({ method }) => method === "GET").map((one) => one.digest);

describe("map", () => {
  it("answers every task in order, with the digest of its bytes", async () => {
    const { gateway } = await start();
    const shards = [["a", "b", "c"], ["d", "e"], ["f"]];
    const job = harness.job("map", { shards });
    const lease = harness.lease(job, { hi: 4, tasking: { type: "records", perTask: 2 } });
    const outputs = await harness.outputs(lease, 4);
    expect(texts(outputs)).toEqual(['"A"\n"B"', '"C"', '"D"\n"E"', '"F"']);
    expect(outputs.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    for (const { hash, body, bytes, fuel } of outputs) {
      expect(hash).toBe(digestOf(body));
      expect(bytes).toBe(body.byteLength);
      expect(fuel).toBeGreaterThan(0);
    }
    // Bundle, manifest and each shard: once, with the job's token.
    expect(new Set(gets()).size).toBe(5);
    expect(gets()).toHaveLength(5);
    expect(gateway.blobRequests.every(({ token }) => token === "blob-token")).toBe(true);
  });

  it("batches a thousand tiny tasks into few messages", async () => {
    await start({ runner: { slots: 2 } });
    const job = harness.job("map");
    const tasking = { type: "range", count: 2000, perTask: 2 } as const;
    const lease = harness.lease(job, { hi: 1000, tasking });
    const outputs = await harness.outputs(lease, 1000);
    expect(texts(outputs)).toEqual(
      Array.from({ length: 1000 }, (_, i) => `"${4 * i}"\n"${4 * i + 2}"`),
    );
    expect(harness.gateway.messages("result").length).toBeLessThan(30);
  });

  it("does not load a shard again for the next lease on it, and lets old ones go", async () => {
    await start();
    const shards = Array.from({ length: 6 }, (_, i) => [`a${i}`, `b${i}`]);
    const job = harness.job("map", { shards, params: { loads: true } });
    const tasking = { type: "records", perTask: 1 } as const;
    const first = harness.lease(job, { hi: 1, tasking });
    expect(texts(await harness.outputs(first, 1))).toEqual(['"A0@1"']);
    const second = harness.lease(job, { lo: 1, hi: 12, tasking });
    const outputs = texts(await harness.outputs(second, 12)).map((one) => one.split(/["@]/));
    expect(outputs.map(([, record]) => record)).toEqual(
      shards
        .flat()
        .slice(1)
        .map((record) => record.toUpperCase()),
    );
    // Tasks that share a trip find the shards of all of them loaded; how many share one depends on the machine.
    const loads = outputs.map(([, , count]) => Number(count));
    expect(loads).toEqual(loads.toSorted((a, b) => a - b));
    expect(loads.at(-1)).toBe(6);
    // A seventh load: of the six before, none was a shard's second, and the first shard has been let go since.
    const again = harness.lease(job, { lo: 0, hi: 1, tasking });
    expect(texts(await harness.outputs(again, 1))).toEqual(['"A0@7"']);
  });

  it("stores large outputs before it tells of them", async () => {
    await start({ gateway: { inlineBytesMax: 1000 } });
    const job = harness.job("map", { shards: [["a"], ["b"]], params: { pad: 2000 } });
    const lease = harness.lease(job, { hi: 2, tasking: { type: "shards" } });
    const outputs = await harness.outputs(lease, 2);
    expect(outputs.map(({ inline, bytes }) => [inline, bytes])).toEqual([
      [false, 2003],
      [false, 2003],
    ]);
    expect(digestOf(outputs[1]!.body)).toBe(outputs[1]!.hash);
  });

  it("a probe tells how many records it ran", async () => {
    const { gateway } = await start();
    const job = harness.job("map", { shards: [["a", "b", "c"]], params: { log: true } });
    const tasking = { type: "records", perTask: 2 } as const;
    harness.lease(job, { entry: "probe", tasking });
    expect((await gateway.next("result")).message).toMatchObject({
      control: { records: 2 },
      outputs: [{ bytes: 0, fuel: 5 }],
    });
    const lease = harness.lease(job, { tasking });
    await harness.outputs(lease, 1);
    expect(gateway.messages("result").at(-1)!.logs).toEqual([{ task: 0, line: "task 0" }]);
  });
});

describe("mapReduce", () => {
  it("shuffles: a map gives its partitions, a reduce takes them", async () => {
    await start();
    const job = harness.job("mapReduce", { shards: [["aab"], ["bcc"]], reducers: 2 });
    const map = harness.lease(job, { hi: 2, tasking: { type: "shards" } });
    const outputs = await harness.outputs(map, 2);
    expect(outputs.map(({ level, index }) => [level, index])).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
    const partials = [...outputs]
      .sort((a, b) => a.level - b.level || a.index - b.index)
      .map(({ level, index, bytes, hash }, i) => ({
        task: level,
        level,
        index,
        bytes,
        hash,
        inline: i % 2 === 0,
      }));
    const bodies = new Map(outputs.map(({ hash, body }) => [hash, body]));
    for (const { inline, hash } of partials) if (!inline) harness.gateway.blob(bodies.get(hash)!);
    const inline = partials.filter((one) => one.inline).map(({ hash }) => bodies.get(hash)!);
    const reduce = harness.lease(job, { entry: "reduce", stage: 1, hi: 2, partials }, inline);
    expect(texts(await harness.outputs(reduce, 2))).toEqual([
      '{"key":"b","value":2}',
      '{"key":"a","value":2}\n{"key":"c","value":2}',
    ]);
  });
});

describe("iterate", () => {
  it("moves no shard after the first round, and gives the nodes of the merge tree", async () => {
    await start({ runner: { slots: 2 } });
    const shards = [["1"], ["2"], ["3"], ["4", "5"]];
    const job = harness.job("iterate", { shards, params: { log: true } });
    const tasking = { type: "shards" } as const;
    const init = harness.lease(job, { entry: "init" });
    expect(numbers(await harness.outputs(init, 1))).toEqual([1]);
    const round = async (number: number, state: number): Promise<LeaseOutput[]> => {
      const common = { stage: number, round: number, leaves: 4, tasking, hasState: true };
      const a = harness.lease(job, { ...common, lo: 0, hi: 3 }, [f64(state)]);
      const b = harness.lease(job, { ...common, lo: 3, hi: 4 }, [f64(state)]);
      return [...(await harness.outputs(a, 3)), ...(await harness.outputs(b, 4))];
    };
    const first = await round(1, 1);
    expect(first.map(({ level, index }) => [level, index])).toEqual([
      [1, 0],
      [0, 2],
      [0, 3],
    ]);
    expect(numbers(first)).toEqual([5, 4, 11]);
    expect(first.map(({ fuel }) => fuel)).toEqual([2, 1, 1]);
    const fetched = gets().length;
    const loads = (): string[] =>
      harness.gateway.messages("result").flatMap((one) => one.logs?.map(({ line }) => line) ?? []);
    const loadsBefore = loads().toSorted();
    for (let number = 2; number < 6; number++)
      expect(numbers(await round(number, number))).toEqual([
        3 + 2 * number,
        3 + number,
        9 + 2 * number,
      ]);
    expect(gets()).toHaveLength(fetched);
    // Every later round ran with exactly the blobs that were resident after the first.
    const later = loads().slice(loadsBefore.length);
    expect(later).toHaveLength(8);
    expect(new Set(later).size).toBeLessThanOrEqual(2);
  });

  it("a job that was forgotten leaves nothing resident", async () => {
    const { gateway } = await start();
    const loads = async (): Promise<string | undefined> => {
      const job = harness.job("iterate", { shards: [["1"], ["2"]], params: { log: true } });
      const run = { hi: 2, leaves: 2, hasState: true, tasking: { type: "shards" } } as const;
      await harness.outputs(harness.lease(job, run, [f64(0)]), 2);
      gateway.send({ type: "forget", job: job.id });
      return gateway.messages("result").at(-1)!.logs?.[0]?.line;
    };
    expect(await loads()).toBe("loads 2");
    expect(await loads()).toBe("loads 4");
  });

  it("goes on, with the same results, when its shards do not fit the bound", async () => {
    await start({ runner: { residentBytesMax: 25 } });
    const shards = Array.from({ length: 6 }, (_, i) => [String(i).repeat(10)]);
    const job = harness.job("iterate", { shards, params: { log: true } });
    const sums: number[][] = [];
    for (let round = 1; round <= 3; round++) {
      const common = { round, leaves: 6, hasState: true, tasking: { type: "shards" } } as const;
      const outputs: LeaseOutput[] = [];
      for (const lo of [0, 2, 4]) {
        const lease = harness.lease(job, { ...common, lo, hi: lo + 2 }, [f64(0)]);
        outputs.push(...(await harness.outputs(lease, lo + 2)));
      }
      sums.push(numbers(outputs));
    }
    expect(sums).toEqual([sums[0], sums[0], sums[0]]);
    // Two shards fit at a time, so all six came anew each round.
    expect(harness.gateway.messages("result").at(-1)!.logs?.[0]?.line).toBe("loads 18");
  });

  it("merges, steps and finishes, with the state inline or as a blob", async () => {
    const { gateway } = await start();
    const job = harness.job("iterate", { shards: [["1"]], params: { rounds: 2 } });
    const partial = (task: number, index: number, value: number) => ({
      task,
      level: 0,
      index,
      bytes: 8,
      hash: gateway.blob(f64(value)),
      inline: false,
    });
    const merge = harness.lease(job, {
      entry: "merge",
      lo: 1,
      hi: 2,
      level: 1,
      leaves: 4,
      partials: [partial(1, 2, 3), partial(1, 3, 4)],
    });
    const [merged] = await harness.outputs(merge, 2);
    expect([merged!.level, merged!.index, merged!.body.readDoubleLE(0)]).toEqual([1, 1, 7]);
    const step = harness.lease(job, {
      entry: "step",
      round: 2,
      leaves: 2,
      stateDigest: gateway.blob(f64(1)),
      partials: [partial(0, 0, 10), partial(0, 1, 20)],
    });
    expect(numbers(await harness.outputs(step, 1))).toEqual([30]);
    expect(gateway.messages("result").at(-1)!.control).toEqual({
      done: true,
      metrics: { total: 30 },
    });
    const finish = harness.lease(job, { entry: "finish", hasState: true }, [f64(30)]);
    expect(texts(await harness.outputs(finish, 1))).toEqual(["30"]);
  });
});

describe("faults", () => {
  it("a guest's error fails the lease after the results that preceded it", async () => {
    await start();
    const shards = [["a"], ["b"], ["c", "bad"], ["d"]];
    const job = harness.job("map", { shards, params: { throwOn: "bad" } });
    const lease = harness.lease(job, { hi: 4, tasking: { type: "shards" } });
    const failed = await harness.failure(lease);
    expect(failed).toMatchObject({
      at: 2,
      error: {
        code: "function-threw",
        message: "cannot take bad",
        details: { entry: "map", task: 2, shard: 2, record: 3, name: "TypeError", hint: "do not" },
      },
    });
    expect(failed.error.details!.frames!.join("\n")).toMatch(/visit.*bundle/);
    expect(texts(harness.outputsSoFar(lease))).toEqual(['"A"', '"B"']);
    expect(harness.runner.leases).toBe(0);
  });

  it("what the guest says was not loaded is the runner's fault, and is loaded anew", async () => {
    await start();
    const shards = [["a"], ["b", "c"]];
    const job = harness.job("map", { shards, params: { faultOn: "b", loads: true } });
    const lease = (task: number) =>
      harness.lease(job, { lo: task, hi: task + 1, tasking: { type: "records", perTask: 1 } });
    expect(texts(await harness.outputs(lease(0), 1))).toEqual(['"A@1"']);
    expect(texts(await harness.outputs(lease(2), 3))).toEqual(['"C@2"']);
    const failed = await harness.failure(lease(1));
    expect(failed).toMatchObject({ at: 1, error: { code: "runner-fault" } });
    // The first blob of a new isolate.
    expect(texts(await harness.outputs(lease(2), 3))).toEqual(['"C@1"']);
  });

  it("an endless task is a timeout; other work of its executor goes on in a new one", async () => {
    await start();
    const shards = [["a"], ["spin"], ["b"]];
    const limits = { fuelPerTask: 1000, memoryMb: 128, timeoutMs: 300 };
    const job = harness.job("map", { shards, limits, params: { spinOn: "spin" } });
    const tasking = { type: "shards" } as const;
    const bad = harness.lease(job, { lo: 0, hi: 2, tasking });
    const good = harness.lease(job, { lo: 2, hi: 3, tasking });
    expect(await harness.failure(bad)).toMatchObject({ at: 1, error: { code: "timeout" } });
    expect(texts(harness.outputsSoFar(bad))).toEqual(['"A"']);
    expect(texts(await harness.outputs(good, 3))).toEqual(['"B"']);
  });

  it("a task that takes all memory fails as that", async () => {
    await start();
    const limits = { fuelPerTask: 1000, memoryMb: 32, timeoutMs: 10_000 };
    const job = harness.job("map", { shards: [["hog"]], limits, params: { hogOn: "hog" } });
    const lease = harness.lease(job, { tasking: { type: "shards" } });
    expect(await harness.failure(lease)).toMatchObject({ error: { code: "out-of-memory" } });
  });

  it("says which blob is missing", async () => {
    const { gateway } = await start();
    const job = harness.job("map", { shards: [["a"], ["b"]] });
    gateway.blobs.delete(digestOf("b"));
    const lease = harness.lease(job, { hi: 2, tasking: { type: "shards" } });
    expect(await harness.failure(lease)).toMatchObject({ at: 1, error: { code: "blob-missing" } });
    expect(texts(harness.outputsSoFar(lease))).toEqual(['"A"']);
  });

  it("a bundle that does not load fails its job and no other", async () => {
    const { gateway } = await start();
    const bundle = gateway.blob('throw new TypeError("no bundle")');
    const tasking = { type: "range", count: 1, perTask: 1 } as const;
    const broken = harness.job("map", { bundle });
    for (let i = 0; i < 2; i++)
      expect(await harness.failure(harness.lease(broken, { tasking }))).toMatchObject({
        error: { code: "function-threw", message: "no bundle" },
      });
    expect(texts(await harness.outputs(harness.lease(harness.job("map"), { tasking }), 1))).toEqual(
      ['"0"'],
    );
  });

  it("hands back a lease of a job that it does not know", async () => {
    const { gateway } = await start();
    const job = harness.job("map", { shards: [["a"]] });
    gateway.send({ type: "forget", job: job.id });
    const lease = harness.lease(job, { tasking: { type: "shards" } });
    expect((await gateway.next("released")).message.leases).toEqual([lease]);
  });

  it("a lease that contradicts itself fails, and the runner goes on", async () => {
    await start();
    const job = harness.job("map", { shards: [["a"]] });
    const lease = harness.lease(job, { lo: 5, hi: 6, tasking: { type: "shards" } });
    expect(await harness.failure(lease)).toMatchObject({ error: { code: "runner-fault" } });
    const good = harness.lease(job, { tasking: { type: "shards" } });
    expect(texts(await harness.outputs(good, 1))).toEqual(['"A"']);
  });
});

describe("time", () => {
  it("renews leases while they compute", async () => {
    const { gateway } = await start({ gateway: { leaseMs: 150 } });
    const job = harness.job("map", { shards: [["a"]], params: { work: 300_000_000 } });
    const lease = harness.lease(job, { tasking: { type: "shards" } });
    await harness.outputs(lease, 1);
    const renewals = gateway.messages("renew");
    expect(renewals.length).toBeGreaterThan(1);
    expect(renewals[0]!.leases).toEqual([lease]);
    const before = gateway.messages("renew").length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(gateway.messages("renew")).toHaveLength(before);
  });

  it("a cancelled lease stops computing and says nothing; the next one runs", async () => {
    const { gateway } = await start();
    const job = harness.job("map", { shards: [["spin"], ["a"]], params: { spinOn: "spin" } });
    const tasking = { type: "shards" } as const;
    const lease = harness.lease(job, { tasking });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedMs = performance.now();
    gateway.send({ type: "cancel", leases: [lease] });
    const next = harness.lease(job, { lo: 1, hi: 2, tasking });
    expect(texts(await harness.outputs(next, 2))).toEqual(['"A"']);
    // Well before the task's own timeout of 5 s.
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(gateway.messages("failed")).toEqual([]);
    expect(gateway.messages("result").every((one) => one.lease === next)).toBe(true);
  });

  it("a slot with nothing to do takes over what waits behind a long task", async () => {
    const { gateway } = await start({ runner: { slots: 2 } });
    const shards = [["a"], ["spin"], ...Array.from({ length: 10 }, (_, i) => [`b${i}`])];
    const job = harness.job("map", { shards, params: { spinOn: "spin" } });
    const tasking = { type: "shards" } as const;
    await harness.outputs(harness.lease(job, { tasking }), 1);
    harness.lease(job, { lo: 1, hi: 2, tasking });
    const others = Array.from({ length: 10 }, (_, i) =>
      harness.lease(job, { lo: 2 + i, hi: 3 + i, tasking }),
    );
    // All but the one that may have been on the pipe behind it, long before the task's timeout of 5 s.
    await gateway.until(
      () => others.filter((lease) => harness.outputsSoFar(lease).length > 0).length >= 9,
      3_000,
    );
  });
});
