import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { newId } from "../../protocol/ids.ts";
import type { JobSpec, Output, Stage } from "../../protocol/job.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/port.ts";
import { jobSpecOf } from "../testing/job-spec.ts";
import { resultStream } from "./result.ts";

let dataDir: string;
let store: Store;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-result-"));
  store = await openStore({ dataDir });
});
afterAll(async () => {
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

function spec(more: Partial<JobSpec>): JobSpec {
  return jobSpecOf({ id: newId("job", Date.now()), kind: "mapReduce", ...more });
}

/** A job that ended with these outputs of its last stage's tasks, through the store as gateways use it. */
async function ended(more: Partial<JobSpec>, outputs: string[], asBlobs = false): Promise<string> {
  const job = spec({ reducers: outputs.length, ...more });
  const entry = job.kind === "map" ? "map" : job.kind === "mapReduce" ? "reduce" : "finish";
  const stage: Stage = { number: 0, round: 0, entry, tasks: outputs.length };
  await store.jobs.create(job, stage);
  const leases = await store.jobs.lease(job.id, {
    holder: "session",
    leases: 1,
    tasksMax: outputs.length,
    leaseMs: 10_000,
    nowMs: Date.now(),
  });
  const { token, lo, hi } = leases[0]!;
  const made: Output[] = [];
  for (const [index, body] of outputs.entries()) {
    const inline = Buffer.from(body);
    const hash = digestOf(inline);
    if (asBlobs) await store.blobs.put(hash, inline);
    const common = { level: 0, index, hash, fuel: 1, bytes: inline.byteLength, hostClass: "v8" };
    made.push(asBlobs ? common : { ...common, inline });
  }
  await store.jobs.complete(job.id, [{ token, lo, hi, outputs: made, earner: "acc_lender run_1" }]);
  await store.jobs.setStatus(job.id, "succeeded", { nowMs: Date.now(), resultStage: 0 });
  return job.id;
}

async function resultOf(id: string): Promise<string> {
  return text(resultStream(store, (await store.jobs.read(id))!).body);
}

const line = (key: string, value: unknown) => JSON.stringify({ key, value });
const keysOf = (result: string) =>
  result
    .trimEnd()
    .split("\n")
    .map((one) => (JSON.parse(one) as { key: string }).key);

describe("a mapReduce of several partitions", () => {
  test("is merged by key, empty partitions or not", async () => {
    const partitions = [
      "",
      [line("a", 1), line("m", { nested: ['"key":"zz"'] })].join("\n"),
      "",
      line("b", "x\ny"),
      [line("aa", 2), line("z", null)].join("\n"),
    ];
    expect(await resultOf(await ended({}, partitions))).toBe(
      `${line("a", 1)}\n${line("aa", 2)}\n${line("b", "x\ny")}\n${line("m", { nested: ['"key":"zz"'] })}\n${line("z", null)}\n`,
    );
  });

  test("of nothing but empty partitions is empty", async () => {
    expect(await resultOf(await ended({}, ["", "", ""]))).toBe("");
  });

  test("compares keys by code units, whatever is escaped in their JSON", async () => {
    const keys = ['"', "\\", "\\\\", '\\"', "\n", "\u0000", "", " ", "A", "a", "\u2028", "é"];
    // By code points U+1F3B2 would come last; by code units its surrogates come before U+E000.
    keys.push("\ue000", "\u{1f3b2}", "\ufb01", "\ud83d", "e\u0301", '{"key":"a"}', "a\\", 'a"b');
    const sorted = [...keys].sort();
    const partitions: string[][] = [[], [], []];
    for (const [i, key] of sorted.entries()) partitions[(i * 7) % 3]!.push(line(key, i));
    const result = await resultOf(
      await ended(
        {},
        partitions.map((lines) => lines.join("\n")),
      ),
    );
    expect(keysOf(result)).toEqual(sorted);
  });

  test("with parts in blobs, and of more than one chunk, loses nothing", async () => {
    const all = Array.from({ length: 9000 }, (_, i) => `key ${String(i).padStart(6, "0")} ä`);
    const partitions = Array.from({ length: 9 }, (_, p) =>
      all
        .filter((_, i) => (i * 31) % 9 === p)
        .map((key) => line(key, key.length))
        .join("\n"),
    );
    const result = await resultOf(await ended({}, partitions, true));
    expect(result).toBe(all.map((key) => `${line(key, key.length)}\n`).join(""));
  });
});

describe("other kinds", () => {
  test("a map's outputs are lines, one after the other; what is empty leaves none", async () => {
    expect(await resultOf(await ended({ kind: "map" }, ['1\n"x"', "", "[2]\n", "3"]))).toBe(
      '1\n"x"\n[2]\n3\n',
    );
  });

  test("bytes come as they are", async () => {
    const output = { type: "bytes", contentType: "image/x-raw" } as const;
    for (const kind of ["map", "mapReduce"] as const)
      expect(await resultOf(await ended({ kind, output }, ["ab", "", "c"]))).toBe("abc");
  });

  test("an iterate's value is JSON without an end of line", async () => {
    const id = await ended({ kind: "iterate" }, ['{"a":1}']);
    const { contentType, body } = resultStream(store, (await store.jobs.read(id))!);
    expect(contentType).toBe("application/json");
    expect(await text(body)).toBe('{"a":1}');
  });

  test("more outputs than one read of the store takes", async () => {
    const outputs = Array.from({ length: 1000 }, (_, i) => String(i));
    expect(await resultOf(await ended({ kind: "map" }, outputs))).toBe(`${outputs.join("\n")}\n`);
  });

  test("a part that is gone is said to be gone", async () => {
    const id = await ended({ kind: "map" }, ['"a blob that goes"'], true);
    await store.blobs.remove([digestOf('"a blob that goes"')]);
    await expect(resultOf(id)).rejects.toMatchObject({ code: "result-gone" });
  });
});

describe("without a result", () => {
  test.each([
    ["queued", "result-not-ready"],
    ["failed", "job-failed"],
    ["cancelled", "job-cancelled"],
  ] as const)("%s is %s", async (status, code) => {
    const job = spec({});
    await store.jobs.create(job, { number: 0, round: 0, entry: "reduce", tasks: 1 });
    if (status !== "queued") await store.jobs.setStatus(job.id, status, { nowMs: Date.now() });
    const state = (await store.jobs.read(job.id))!;
    expect(() => resultStream(store, state)).toThrow(expect.objectContaining({ code }));
  });
});
