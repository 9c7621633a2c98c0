import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordBytesMax } from "../../protocol/limits.ts";
import type { IngestOptions } from "../ports.ts";
import { readNumber, scanNumberRow } from "./number-scan.ts";
import { gridError, openTestIngest, seededRandom } from "./test-support.ts";

let store: Awaited<ReturnType<typeof openTestIngest>>;
beforeAll(async () => {
  store = await openTestIngest();
});
afterAll(() => store.close());

async function matrix(data: string | Buffer, options: Partial<IngestOptions> = {}) {
  const ingested = await store.ingest(data, { format: "matrix", ...options });
  const bytes = Buffer.concat(await store.shards(ingested.manifest.shards));
  const values = new Float64Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  return { ...ingested, values: Array.from(values) };
}

describe("matrix from CSV", () => {
  test("a first row that is not all numbers is a header", async () => {
    const { manifest, values, records } = await matrix('x,"y"\r\n1,-2.5\r\n\n 3e2 ,"4"\n');
    expect(manifest).toMatchObject({ columns: ["x", "y"], dtype: "f64" });
    expect(values).toEqual([1, -2.5, 300, 4]);
    expect(records).toBe(2);
  });

  test("numbers in the first row are data, unless a header is asked for", async () => {
    const { manifest, values } = await matrix("1,2\n3,4");
    expect(manifest.columns).toBeUndefined();
    expect(values).toEqual([1, 2, 3, 4]);
    const named = await matrix("1,2\n3,4", { matrix: { encoding: "csv", header: true } });
    expect(named.manifest.columns).toEqual(["1", "2"]);
    expect(named.values).toEqual([3, 4]);
  });

  test.each([
    ["1,2\n3,x\n", 2, "column 2: “x” is not a finite number"],
    ["1,2\n\n,4\n", 3, "column 1: it is empty"],
    ["1,2\n3,4\n5\n", 3, "1 values, but a row has 2"],
    ["1,2\n3,4,5\n", 2, "3 values, but a row has 2"],
    ["a,b\n1,1e999\n", 2, "column 2: “1e999”"],
    ["a,b\n1,NaN\n", 2, "column 2: “NaN”"],
    ["1,-\n", 1, "column 2 of the header"],
  ])("%j is malformed in line %i", async (data, line, what) => {
    const header = what.includes("header") ? undefined : ("auto" as const);
    const options = header ? { matrix: { encoding: "csv" as const, header } } : {};
    const promise = what.includes("header")
      ? matrix(data, { matrix: { encoding: "csv", header: false } })
      : matrix(data, options);
    const error = await gridError(promise);
    expect(error).toMatchObject({ code: "malformed-record", details: { line } });
    if (!what.includes("header")) expect(error.message).toContain(what);
  });

  test("skipping drops and counts malformed rows", async () => {
    const kept = await matrix("a,b\n1,2\nx,3\n4\n5,6,7\n8,9\n", { onBadRecord: "skip" });
    expect(kept).toMatchObject({ values: [1, 2, 8, 9], records: 2, skipped: 3 });
    const none = await matrix("x,1\n1,2\n", {
      onBadRecord: "skip",
      matrix: { encoding: "csv", header: false },
    });
    expect(none).toMatchObject({ values: [1, 2], skipped: 1 });
  });

  test("every number reads exactly as JavaScript reads it", () => {
    const seed = Date.now() >>> 0;
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const into = new Float64Array(1);
    const row = { count: 0, next: 0 };
    const texts = ["0", "-0", "007", "1.", ".5", "-.5", "+3", "123456789012345678", "0.1", "1e22"];
    for (let i = 0; i < 200_000; i++) {
      const value = (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20);
      texts.push(i % 3 === 0 ? String(value) : value.toFixed(Math.floor(random() * 16)));
    }
    for (const text of texts) {
      const bytes = Buffer.from(text);
      scanNumberRow(bytes, 0, bytes.length, into, 0, 1, row);
      if (!Object.is(into[0], Number(text))) expect.fail(`${text} was read as ${into[0]}`);
    }
    expect(readNumber("0x10")).toBeNaN();
  });

  test("shards hold whole rows and are near 1 MB at most", async () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `${i},${i / 8},${-i}`);
    const { manifest, values } = await matrix(rows.join("\n"));
    expect(values.length).toBe(300_000);
    expect(values.slice(-3)).toEqual([99_999, 99_999 / 8, -99_999]);
    for (const shard of manifest.shards) expect(shard.bytes).toBe(shard.records * 24);
    expect(manifest.shards.length).toBeGreaterThan(20);
  });

  test("a line over the limit is too large", async () => {
    const error = await gridError(matrix(`1\n2\n${"3".repeat(recordBytesMax + 4)}`));
    expect(error).toMatchObject({ code: "record-too-large", details: { line: 3 } });
  });
});

describe("matrix from raw numbers", () => {
  test("f64 and f32 rows are kept as they are", async () => {
    const numbers = Float32Array.from({ length: 300_000 }, (_, i) => i / 3);
    const ingested = await store.ingest(new Uint8Array(numbers.buffer), {
      format: "matrix",
      matrix: { encoding: "f32", columns: 7 * 100 - 100 },
    });
    expect(ingested.manifest.dtype).toBe("f32");
    expect(ingested.records).toBe(500);
    for (const shard of ingested.manifest.shards) expect(shard.bytes).toBe(shard.records * 2400);
    const bytes = Buffer.concat(await store.shards(ingested.manifest.shards));
    expect(bytes.equals(Buffer.from(numbers.buffer))).toBe(true);
  });

  test("half a row at the end is malformed, or dropped", async () => {
    const options = { matrix: { encoding: "f64", columns: 2 } } as const;
    const bytes = Buffer.from(new Float64Array([1, 2, 3]).buffer);
    const error = await gridError(matrix(bytes, options));
    expect(error).toMatchObject({ code: "malformed-record", details: { record: 1 } });
    const kept = await matrix(bytes, { ...options, onBadRecord: "skip" });
    expect(kept).toMatchObject({ values: [1, 2], skipped: 1 });
  });

  test("the width is needed and bounded", async () => {
    const one = Buffer.alloc(8);
    expect((await gridError(matrix(one, { matrix: { encoding: "f64" } }))).code).toBe(
      "bad-request",
    );
    const wide = { encoding: "f64", columns: recordBytesMax } as const;
    expect((await gridError(matrix(one, { matrix: wide }))).code).toBe("record-too-large");
    const none = { encoding: "f64", columns: 0 } as const;
    expect((await gridError(matrix(one, { matrix: none }))).code).toBe("bad-request");
  });
});

describe("bytes", () => {
  test("records of a size, or whole shards", async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255));
    const sized = await store.ingest(bytes, { format: "bytes", recordBytes: 1000 });
    expect(sized.manifest.recordBytes).toBe(1000);
    expect(sized.records).toBe(300);
    const whole = await store.ingest(bytes, { format: "bytes" });
    expect(whole.records).toBe(whole.manifest.shards.length);
    for (const { manifest } of [sized, whole])
      expect(Buffer.concat(await store.shards(manifest.shards)).equals(bytes)).toBe(true);
  });
});
