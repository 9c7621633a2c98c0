import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressionOf, formatOf } from "./detect-format.ts";
import { firstBytesOf } from "./first-bytes.ts";
import { previewOf } from "./preview.ts";
import { faultOf, type UploadOptions, uploadQueryOf } from "./upload-options.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const options: UploadOptions = {
  name: " points ",
  format: "lines",
  visibility: "private",
  skipsBad: false,
  header: "auto",
  encoding: "csv",
  columns: "",
  recordBytes: "",
};

describe("the format of a file", () => {
  test.each([
    ["notes.txt", "a\nb", "lines"],
    ["people.csv", "name,age\nada,36\n", "csv"],
    ["points.csv", "x,y\n1,2\n3,4.5e3\n", "matrix"],
    ["events.jsonl", "{}", "ndjson"],
    ["events", '{"a":1}\n{"a":2}\n', "ndjson"],
    ["table", "a,b\n1,x\n2,y\n", "csv"],
    ["points", "1,2\n3,4\n", "matrix"],
    ["column", "1\n2\n3\n", "matrix"],
    ["prose", "Call me Ishmael.\nSome years ago, never mind.\n", "lines"],
    ["photo.csv", "a\0b", "bytes"],
    ["model.f32", "....", "matrix"],
    ["words.txt.gz", "a\nb", "lines"],
    ["nothing", "", "lines"],
  ] as const)("%s with %j is %s", (name, text, format) => {
    expect(formatOf(name, bytesOf(text))).toBe(format);
  });

  test("a character that is cut where the sample ends does not make a text binary", () => {
    const cut = bytesOf("größe").slice(0, 3);
    expect(formatOf("words", cut)).toBe("lines");
    expect(formatOf("words", Uint8Array.of(0xff, 0xfe, 0x41))).toBe("bytes");
  });

  test("compression is told by the first bytes, and looked through", async () => {
    const packed = gzipSync("a,b\n".repeat(100_000));
    expect(compressionOf(packed)).toBe("gzip");
    expect(compressionOf(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd))).toBe("zstd");
    const first = await firstBytesOf(new Blob([packed]), 1_000);
    expect(first.contentEncoding).toBe("gzip");
    expect(first.bytes.length).toBe(1_000);
    expect(first.isWhole).toBe(false);
    const cut = await firstBytesOf(new Blob([packed.subarray(0, 60)]), 1_000);
    expect(cut.isWhole).toBe(false);
    const plain = await firstBytesOf(new Blob(["abc"]), 1_000);
    expect(plain).toMatchObject({ isWhole: true, contentEncoding: undefined });
  });
});

describe("what a file would become", () => {
  const preview = (text: string, changed: Partial<UploadOptions>, isWhole = true) =>
    previewOf(bytesOf(text), { ...options, ...changed }, isWhole);

  test("a record that is cut at the end of what was read is left out", () => {
    expect(preview("a\nb\nc", {}, false).checked).toBe(2);
    expect(preview("a\nb\nc", {}).checked).toBe(3);
    expect(preview("a\nb\n", {}, false).checked).toBe(2);
  });

  test("bad JSON is told by its line, and blank lines are no records", () => {
    const { checked, faults, rows } = preview('{"a":1}\n\n{"a":\n', { format: "ndjson" });
    expect(checked).toBe(2);
    expect(rows.map(({ label }) => label)).toEqual(["1"]);
    expect(faults[0]).toMatchObject({ label: "Line 3" });
  });

  test("CSV fields may hold commas, quotes and line breaks; rows of another width are bad", () => {
    const text = 'name,said\r\nada,"a, ""b""\nc"\r\nbob\r\n';
    const { columns, rows, faults } = preview(text, { format: "csv" });
    expect(columns).toEqual(["name", "said"]);
    expect(rows).toEqual([{ label: "2", cells: ["ada", 'a, "b"\nc'] }]);
    expect(faults).toEqual([{ label: "Line 4", message: "1 fields, where the header has 2" }]);
    expect(preview('a\n"x', { format: "csv" }).faults[0]?.message).toContain("not closed");
  });

  test("a matrix finds its header by itself, unless it is told", () => {
    const text = "x,y\n1,2\n3,z\n4\n";
    const found = preview(text, { format: "matrix" });
    expect(found.columns).toEqual(["x", "y"]);
    expect(found.faults.map(({ message }) => message)).toEqual([
      '"z" is no number',
      "1 numbers, where others have 2",
    ]);
    expect(preview(text, { format: "matrix", header: "false" }).faultCount).toBe(3);
  });

  test("raw numbers and bytes are cut by their sizes, and what is left over is bad", () => {
    const raw = new Uint8Array(Float64Array.of(1, 2.5, -3).buffer);
    const matrix = { ...options, format: "matrix", encoding: "f64", columns: "2" } as const;
    const found = previewOf(raw, matrix, true);
    expect(found.rows).toEqual([{ label: "1", cells: ["1", "2.5"] }]);
    expect(found.faults[0]?.message).toContain("8 bytes more");
    const bytes = previewOf(
      Uint8Array.of(1, 2, 255),
      { ...options, format: "bytes", recordBytes: "2" },
      true,
    );
    expect(bytes.rows).toEqual([{ label: "1", cells: ["01 02"] }]);
  });

  test("many bad records are counted, and a few of them told", () => {
    const { faults, faultCount } = preview("x\n".repeat(100), { format: "ndjson" });
    expect([faults.length, faultCount]).toEqual([5, 100]);
  });
});

test("only what a format knows is sent, and what it lacks is said", () => {
  expect(uploadQueryOf({ ...options, columns: "3" })).toEqual({
    name: "points",
    format: "lines",
    visibility: "private",
    onBadRecord: "refuse",
  });
  const raw: UploadOptions = { ...options, format: "matrix", encoding: "f32", columns: " 4 " };
  expect(uploadQueryOf(raw)).toMatchObject({ encoding: "f32", columns: "4" });
  expect(faultOf(raw)).toBeUndefined();
  expect(faultOf({ ...raw, columns: "" })).toContain("how many");
  expect(faultOf({ ...options, format: "bytes", recordBytes: "1.5" })).toContain("whole number");
});
