import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import { GridError } from "../protocol/errors.ts";
import { outputBytesMax } from "../protocol/limits.ts";
import { type Executor, startExecutor } from "./index.ts";
import { handGuest } from "./testing/hand-guest.ts";
import { collect, mapRequest, testJob, text } from "./testing/requests.ts";

const memoryMb = 128;
const stop = new GridError("shutting-down", "the test is over");

describe("an executor that lives", () => {
  let executor: Executor;
  let bundles = 0;

  beforeAll(async () => {
    executor = await startExecutor();
  });
  afterAll(async () => {
    executor.kill(stop);
    await executor.exited;
  });

  function open(parts: Parameters<typeof handGuest>[0]): string {
    bundles += 1;
    const bundle = `bundle-${bundles}`;
    executor.open(bundle, handGuest(parts), { memoryMb });
    return bundle;
  }

  it("describes a bundle", async () => {
    const bundle = open({ run: "", kind: "iterate" });
    expect(await executor.describe(bundle, { timeoutMs: 1_000 })).toBe('{"kind":"iterate"}');
  });

  it("answers many requests in order, each with its body, hash and size", async () => {
    const bundle = open({ run: "return [{}, 'task ' + request.slice.task + ' é']" });
    const replies = await collect(
      executor,
      bundle,
      Array.from({ length: 1_500 }, (_, task) => mapRequest(task)),
    );
    expect(replies.map(text)).toEqual(replies.map((_, task) => `task ${task} é`));
    for (const reply of replies) {
      expect(reply.hashes).toEqual([digestOf(reply.body)]);
      expect(reply.sizes).toEqual([reply.body.byteLength]);
    }
  });

  it("gives each request its own job", async () => {
    const bundle = open({
      run: "return [{}, request.job.id + JSON.stringify(request.job.params)]",
    });
    const jobs = ["a", "b"].map((id) => ({ ...testJob, id, params: { id: `“${id}”\n` } }));
    const requests = [0, 1, 2, 3].map((task) => mapRequest(task, jobs[task % 2]));
    const replies = await collect(executor, bundle, requests);
    expect(replies.map(text)).toEqual(
      [0, 1, 0, 1].map((at) => jobs[at]!.id + JSON.stringify(jobs[at]!.params)),
    );
  });

  it("passes text and binary data through unchanged", async () => {
    const bundle = open({ run: "return [{ logs: [typeof data] }, data]" });
    const words = Buffer.from("ünïcode 🦊 words\nand more");
    const numbers = Buffer.from(new Float64Array([1.5, -2, Number.NaN]).buffer);
    const large = Buffer.alloc(3_000_000, "0123456789");
    const job = testJob;
    const replies = await collect(executor, bundle, [
      { request: { job, fuelMax: 1, entry: "reduce", partition: 0 }, data: words },
      { request: { job, fuelMax: 1, entry: "finish" }, data: numbers },
      { request: { job, fuelMax: 1, entry: "finish" }, data: large },
      { request: { job, fuelMax: 1, entry: "finish" }, data: new Uint8Array(0) },
    ]);
    expect(replies.map(({ body }) => Buffer.compare(body, Buffer.alloc(0)))).toEqual([1, 1, 1, 0]);
    expect(text(replies[0])).toBe(words.toString());
    expect(Buffer.from(replies[1]!.body)).toEqual(numbers);
    expect(Buffer.from(replies[2]!.body).equals(large)).toBe(true);
    expect(replies.map(({ header }) => header.logs)).toEqual([
      ["string"],
      ["object"],
      ["object"],
      ["object"],
    ]);
  });

  it("hands over a request's data when it is alone in its trip", async () => {
    const bundle = open({ run: "return [{}, data]" });
    const data = Buffer.alloc(1_000_000, 7);
    const request = { job: testJob, fuelMax: 1, entry: "finish" as const };
    const [reply] = await collect(executor, bundle, [{ request, data }]);
    expect(reply?.hashes).toEqual([digestOf(data)]);
  });

  it("hashes each line of a mapReduce map, and each partial", async () => {
    const lines = open({ kind: "mapReduce", run: `return [{}, '["a",[1]]\\n[]\\n["é",[2]]']` });
    const job = { ...testJob, reducers: 3 };
    const [mapped] = await collect(executor, lines, [mapRequest(0, job)]);
    expect(mapped?.sizes).toEqual([9, 2, 10]);
    expect(mapped?.hashes).toEqual(['["a",[1]]', "[]", '["é",[2]]'].map(digestOf));

    const partials = open({
      kind: "iterate",
      run: `return [{ partials: [{ level: 0, index: 0, bytes: 3, fuel: 1 }, { level: 1, index: 2, bytes: 2, fuel: 5 }] },
        new Uint8Array([1, 2, 3, 4, 5]).buffer]`,
    });
    const [iterated] = await collect(executor, partials, [
      { request: { job, fuelMax: 1, entry: "map", slices: [], leaves: 1, round: 1 } },
    ]);
    expect(iterated?.sizes).toEqual([3, 2]);
    expect(iterated?.hashes).toEqual(
      [
        [1, 2, 3],
        [4, 5],
      ].map((b) => digestOf(new Uint8Array(b))),
    );
  });

  it("keeps blobs resident as text or bytes, until they are evicted", async () => {
    const bundle = open({
      run: `return [{}, [...resident].map(([key, { meta, data }]) =>
        key + ":" + meta.type + ":" + (typeof data === "string" ? data : new Uint8Array(data).join())).join("|")]`,
    });
    executor.load(bundle, "k1", { type: "shard", format: "lines", records: 1 }, Buffer.from("é"));
    executor.load(
      bundle,
      "k2",
      { type: "shard", format: "matrix", dtype: "f64", records: 1 },
      new Uint8Array([1, 2]),
    );
    executor.load(bundle, "k3", { type: "json" }, Buffer.from("{}"));
    expect(executor.isResident(bundle, "k1")).toBe(true);
    expect(text((await collect(executor, bundle, [mapRequest(0)]))[0])).toBe(
      "k1:shard:é|k2:shard:1,2|k3:json:{}",
    );
    executor.evict(bundle, "k1");
    expect(executor.isResident(bundle, "k1")).toBe(false);
    expect(text((await collect(executor, bundle, [mapRequest(0)]))[0])).toBe(
      "k2:shard:1,2|k3:json:{}",
    );
  });

  it("ends the batch at a guest's own error and goes on with the next", async () => {
    const bundle = open({
      run: `return request.slice.task === 2
        ? [{ error: { code: "function-threw", name: "TypeError", message: "no", task: 2 } }, ""]
        : [{}, "fine"]`,
    });
    const replies = await collect(
      executor,
      bundle,
      Array.from({ length: 2_000 }, (_, task) => mapRequest(task)),
    );
    expect(replies).toHaveLength(3);
    expect(replies[2]?.header.error).toEqual({
      code: "function-threw",
      name: "TypeError",
      message: "no",
      task: 2,
    });
    expect(await collect(executor, bundle, [mapRequest(0), mapRequest(1)])).toHaveLength(2);
  });

  it.each([
    ["no header", "return 'nothing'", "bad-output"],
    ["a header that is not JSON", "return '{fuel}\\nbody'", "bad-output"],
    ["a header without fuel", "return '{}\\nbody'", "bad-output"],
    ["negative fuel", "return '{\"fuel\":-1}\\nbody'", "bad-output"],
    ["a number", "return 7", "bad-output"],
    ["nothing", "return", "bad-output"],
    ["an object with a getter", "return { get a() { throw 1 } }", "function-threw"],
    ["a function", "return () => 1", "bad-output"],
    ["a short ArrayBuffer", "return new ArrayBuffer(3)", "bad-output"],
    ["a header longer than the reply", "return new Uint32Array([99]).buffer", "bad-output"],
    [
      "partials that do not add up",
      "return [{ partials: [{ level: 0, index: 0, bytes: 9, fuel: 0 }] }, 'abc']",
      "bad-output",
    ],
    [
      "an unknown error code",
      "return [{ error: { code: 'internal', name: '', message: '' } }, '']",
      "bad-output",
    ],
    ["too large an output", `return [{}, "x".repeat(${outputBytesMax + 1})]`, "output-too-large"],
    ["a thrown error", "throw new RangeError('oops')", "function-threw"],
    ["a thrown string", "throw 'oops'", "function-threw"],
    ["thrown nothing", "throw null", "function-threw"],
    ["endless recursion", "const f = () => f() + 1; f()", "stack-exhausted"],
  ])("takes %s for the guest's error and lives", async (_, run, code) => {
    const bundle = open({ run });
    const [reply] = await collect(executor, bundle, [mapRequest(0)]);
    expect(reply?.header.error?.code).toBe(code);
    expect(reply?.body.byteLength).toBe(0);
    executor.close(bundle);
  });

  it("says what was thrown, with the bundle's positions and none of the host", async () => {
    const bundle = open({ run: "throw new RangeError('oops')" });
    const [reply] = await collect(executor, bundle, [mapRequest(0)]);
    expect(reply?.header.error).toMatchObject({ name: "RangeError", message: "oops" });
    expect(reply?.header.error?.stack).toMatch(/bundle\.js:\d+:\d+/);
    expect(reply?.header.error?.stack).not.toMatch(/executor-|isolated-vm/);
  });

  it("refuses a mapReduce map that has the wrong number of lines", async () => {
    const bundle = open({ kind: "mapReduce", run: "return [{}, '[]\\n[]']" });
    const [reply] = await collect(executor, bundle, [mapRequest(0, { ...testJob, reducers: 3 })]);
    expect(reply?.header.error?.code).toBe("bad-output");
  });

  it("does not let half characters of two outputs become one", async () => {
    const bundle = open({ run: "return [{}, request.slice.task ? '\\udd8a' : '\\ud83e']" });
    const replies = await collect(executor, bundle, [mapRequest(0), mapRequest(1)]);
    expect(replies.map(text)).toEqual(["\ufffd", "\ufffd"]);
  });

  it("tells with the first request why a bundle does not load", async () => {
    executor.open("broken", "this is not a script", { memoryMb });
    const [reply] = await collect(executor, "broken", [mapRequest(0)]);
    expect(reply?.header.error?.code).toBe("bad-output");
    await expect(executor.describe("broken", { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: "bad-output",
    });
    executor.open("throws", "throw new TypeError('at load')", { memoryMb });
    await expect(executor.describe("throws", { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: "function-threw",
      message: "at load",
      details: { name: "TypeError" },
    });
  });

  it("gives the guest no clock, no shared memory, no WebAssembly and nothing of isolated-vm", async () => {
    const bundle = open({
      run: `return [{}, ["WebAssembly", "SharedArrayBuffer", "Atomics", "process", "require", "ivm", "isolate",
        "fetch", "setTimeout", "performance", "console"].filter((name) => name in globalThis).join()]`,
    });
    const [reply] = await collect(executor, bundle, [mapRequest(0)]);
    // V8's own console, which writes nowhere; the guest's runtime replaces it.
    expect(text(reply)).toBe("console");
  });
});

describe("an executor that dies", () => {
  let executor: Executor | undefined;

  afterEach(async () => {
    executor?.kill(stop);
    await executor?.exited;
  });

  async function start(
    parts: Parameters<typeof handGuest>[0],
    options: Parameters<typeof startExecutor>[0] = {},
  ): Promise<Executor> {
    executor = await startExecutor({ graceMs: 300, watchMs: 20, ...options });
    executor.open("bundle", handGuest(parts), { memoryMb: 64 });
    return executor;
  }

  it("keeps the replies before a timeout, rejects with it and is gone", async () => {
    const started = await start({ run: "while (request.slice.task === 1); return [{}, 'ok']" });
    const replies: number[] = [];
    const run = started.run("bundle", [mapRequest(0), mapRequest(1), mapRequest(2)], {
      timeoutMs: 200,
      onReply: (index) => replies.push(index),
    });
    await expect(run).rejects.toMatchObject({ code: "timeout" });
    expect(replies).toEqual([0]);
    await started.exited;
    expect(started.isOpen("bundle")).toBe(false);
    await expect(collect(started, "bundle", [mapRequest(0)])).rejects.toMatchObject({
      code: "timeout",
    });
  });

  it("is killed when V8 is stuck where no timeout reaches", async () => {
    const started = await start({
      run: "throw new Proxy(new Error('x'), { get() { for (;;); } })",
    });
    const startMs = performance.now();
    await expect(
      collect(started, "bundle", [mapRequest(0)], { timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: "timeout" });
    await started.exited;
    expect(performance.now() - startMs).toBeLessThan(3_000);
  });

  it("is killed for a bundle that does not finish loading", async () => {
    const started = await start({ run: "", before: "for (;;);" }, { openTimeoutMs: 200 });
    await expect(collect(started, "bundle", [mapRequest(0)])).rejects.toMatchObject({
      code: "timeout",
    });
    await started.exited;
  });

  it("reports memory that isolated-vm counts", async () => {
    const started = await start({
      run: "const all = []; for (;;) all.push(new Array(1000).fill(1))",
    });
    await expect(
      collect(started, "bundle", [mapRequest(0)], { timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ code: "out-of-memory" });
    await started.exited;
  });

  it("reports memory that it does not count", async () => {
    const started = await start({ run: "return [{}, new Array(1e9).fill(0).join()]" });
    await expect(
      collect(started, "bundle", [mapRequest(0)], { timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ code: "out-of-memory" });
    await started.exited;
  });

  it("loses its task, at nobody's expense, when somebody kills it", async () => {
    const started = await start({ run: "for (;;);" });
    const run = collect(started, "bundle", [mapRequest(0)], { timeoutMs: 20_000 });
    const queued = started.describe("bundle", { timeoutMs: 1_000 });
    queued.catch(() => {});
    setTimeout(() => process.kill(started.pid, "SIGKILL"), 50);
    await expect(run).rejects.toMatchObject({ code: "task-lost" });
    await expect(queued).rejects.toMatchObject({ code: "task-lost" });
    await started.exited;
  });

  it("dies with an aborted run", async () => {
    const started = await start({ run: "for (;;);" });
    const abort = new AbortController();
    const run = collect(started, "bundle", [mapRequest(0)], { signal: abort.signal });
    const reason = new Error("cancelled");
    setTimeout(() => abort.abort(reason), 50);
    await expect(run).rejects.toBe(reason);
    await started.exited;
  });

  it("rejects all that waits when it is killed, once", async () => {
    const started = await start({ run: "for (;;);" });
    const run = collect(started, "bundle", [mapRequest(0)]);
    const reason = new GridError("task-lost", "killed by the test");
    started.kill(reason);
    started.kill(new GridError("internal", "a second kill changes nothing"));
    await expect(run).rejects.toBe(reason);
    await started.exited;
  });
});
