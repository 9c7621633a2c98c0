import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatasetFormat } from "../../protocol/manifest.ts";
import { createDatasetIngest } from "./ingest.ts";
import { inlineDataset } from "./inline-dataset.ts";
import { readRecords } from "./read-records.ts";
import { gridError, openTestIngest } from "./test-support.ts";

let store: Awaited<ReturnType<typeof openTestIngest>>;
beforeAll(async () => {
  store = await openTestIngest();
});
afterAll(() => store.close());

async function roundTrip(format: DatasetFormat | "items", value: unknown, recordBytes?: number) {
  const { body, options } = inlineDataset(format, value, { recordBytes });
  const { manifest } = await createDatasetIngest({ blobs: store.blobs }).ingest(body, options);
  return {
    manifest,
    records: await readRecords(manifest, store.blobs, { offset: 0, limit: 100 }),
  };
}

describe("inline inputs come back as their records", () => {
  test.each([
    ["items", [1, "a\nb", { c: [null] }], [1, "a\nb", { c: [null] }]],
    ["ndjson", [[], true], [[], true]],
    ["lines", "a\r\nb\n", ["a", "b"]],
    ["lines", ["", "é", ""], ["", "é", ""]],
    ["lines", [""], [""]],
    ["text", "one\ntwo", ["one\ntwo"]],
    ["csv", 'a,b\n1,"x\ny"', [["1", "x\ny"]]],
    [
      "csv",
      [
        { a: 1, b: 'q"' },
        { b: "", a: null },
      ],
      [
        ["1", 'q"'],
        ["", ""],
      ],
    ],
    [
      "matrix",
      [
        [1, -2.5],
        [0.1, 1e300],
      ],
      [
        [1, -2.5],
        [0.1, 1e300],
      ],
    ],
    ["matrix", { columns: ["a,", "b"], rows: [[1e-7, 0.1]] }, [[1e-7, 0.1]]],
    ["bytes", "AQID", ["AQID"]],
    ["bytes", [[1, 2, 3]], ["AQID"]],
  ] as const)("%s %j", async (format, value, expected) => {
    const { records } = await roundTrip(format, value);
    expect(records).toEqual(expected);
  });

  test("columns and record sizes are kept", async () => {
    const named = await roundTrip("matrix", { columns: ["a,", "b"], rows: [[1, 2]] });
    expect(named.manifest.columns).toEqual(["a,", "b"]);
    const records = [
      [1, 2],
      [3, 4],
    ];
    const sized = await roundTrip("bytes", records, 2);
    expect(sized.manifest.recordBytes).toBe(2);
    expect(sized.records).toEqual(["AQI=", "AwQ="]);
  });

  test.each([
    ["items", { a: 1 }],
    ["lines", ["a\nb"]],
    ["lines", 7],
    ["text", ["a"]],
    ["csv", [{ a: 1 }, { b: 1 }]],
    ["matrix", [[1, 2], [3]]],
    ["matrix", [["1"]]],
    ["matrix", [[]]],
    ["bytes", "not base64!"],
    ["bytes", [[1], [2]]],
    ["bytes", [[256]]],
  ] as const)("%s %j does not fit", async (format, value) => {
    const error = await gridError((async () => inlineDataset(format, value))());
    expect(error.code).toBe("wrong-input");
  });

  test("an empty array is an empty dataset", async () => {
    for (const format of ["items", "lines", "matrix", "csv"] as const)
      expect((await gridError(roundTrip(format, []))).code).toBe("empty-dataset");
  });
});

describe("a preview", () => {
  test("reads any slice, across shards", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
    const { manifest } = await store.ingest(lines.join("\n"), {});
    const border = manifest.shards[0]!.records;
    const read = (offset: number, limit: number) =>
      readRecords(manifest, store.blobs, { offset, limit });
    expect(await read(border - 2, 4)).toEqual(lines.slice(border - 2, border + 2));
    expect(await read(19_999, 10)).toEqual(["line 19999"]);
    expect(await read(20_000, 10)).toEqual([]);
    expect(await read(0, 5000)).toHaveLength(1000);
  });

  test("numbers that JSON lacks are null", async () => {
    const bytes = Buffer.from(new Float32Array([Number.NaN, 0.5]).buffer);
    const { manifest } = await store.ingest(bytes, {
      format: "matrix",
      matrix: { encoding: "f32", columns: 2 },
    });
    expect(await readRecords(manifest, store.blobs, { offset: 0, limit: 9 })).toEqual([
      [null, 0.5],
    ]);
  });

  test("a missing shard is said to be missing", async () => {
    const { manifest } = await store.ingest("gone", {});
    await store.blobs.remove([manifest.shards[0]!.digest]);
    const error = await gridError(readRecords(manifest, store.blobs, { offset: 0, limit: 1 }));
    expect(error.code).toBe("blob-missing");
  });
});
