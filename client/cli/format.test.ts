import { expect, test } from "vitest";
import { guessFile } from "./file-format.ts";
import {
  bytes,
  count,
  cut,
  duration,
  metric,
  short,
  sparkline,
  table,
  visibleWidth,
} from "./format.ts";
import { inputOf, paramsOf, usesOf } from "./values.ts";

test("numbers are short and the same everywhere", () => {
  expect([0, 999, 1000, 1234567].map(count)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([7, 999, 1000, 12_345, 999_999, 5.5e9].map(short)).toEqual([
    "7",
    "999",
    "1.00k",
    "12.3k",
    "1.00M",
    "5.50G",
  ]);
  expect([0, 999, 1500, 12_300_000].map(bytes)).toEqual(["0 B", "999 B", "1.50 KB", "12.3 MB"]);
  expect([0.123, 4.56, 78, 3210, 125_000, 12_000_000].map(duration)).toEqual([
    "0.12 ms",
    "4.6 ms",
    "78 ms",
    "3.2 s",
    "2 min 05 s",
    "3 h 20 min",
  ]);
  expect([null, 3, 0.12345, 12.3456, 1e-9].map(metric)).toEqual([
    "–",
    "3",
    "0.1235",
    "12.346",
    "1.00e-9",
  ]);
});

test("a sparkline spans its extremes, keeps gaps and fits its width", () => {
  expect(sparkline([0, 7], 10)).toBe("▁█");
  expect(sparkline([5, 5, 5], 10)).toBe("▁▁▁");
  expect(sparkline([1, null, 2], 10)).toBe("▁ █");
  expect([
    ...sparkline(
      Array.from({ length: 1000 }, (_, i) => i),
      24,
    ),
  ]).toHaveLength(24);
  expect(sparkline([], 10)).toBe("");
});

test("a table aligns its columns, colours or not, and cuts the last", () => {
  const lines = table(
    [{ title: "NAME" }, { title: "N", right: true }, { title: "TEXT" }],
    [
      ["\u001b[1mword\u001b[22m", "7", "a long text that does not fit"],
      ["x", "1,000", "short"],
    ],
    { dim: (text) => text, width: 30 },
  );
  expect(lines.map(visibleWidth)).toEqual([17, 30, 18]);
  expect(lines[1]).toMatch(/…$/);
  expect(cut("äöü", 2)).toBe("ä…");
});

test("a file's name tells its format and compression", () => {
  expect(guessFile("a/moby-dick.txt.gz")).toMatchObject({
    name: "moby-dick",
    format: "lines",
    contentEncoding: "gzip",
  });
  expect(guessFile("p.f32.zst")).toMatchObject({
    name: "p",
    format: "matrix",
    encoding: "f32",
    contentEncoding: "zstd",
  });
  expect(guessFile("a.b.JSONL")).toMatchObject({ name: "a.b", format: "ndjson" });
  expect(guessFile("README")).toMatchObject({ name: "README", format: undefined });
});

test("parameters are JSON where they read as such and the function does not want text", () => {
  const schema = {
    type: "object" as const,
    properties: { tag: { type: "string" as const } },
    additionalProperties: false as const,
  };
  expect(
    paramsOf(["k=16", "on=true", "w=[1,2]", "s=plain text", "tag=42", "e=a=b"], schema),
  ).toEqual({
    k: 16,
    on: true,
    w: [1, 2],
    s: "plain text",
    tag: "42",
    e: "a=b",
  });
  expect(paramsOf([])).toBeUndefined();
  expect(() => paramsOf(["nonsense"])).toThrow("name=value");
});

test("constants are bound to jobs, datasets or files", async () => {
  expect(await usesOf(["model=job:job_1", "d=dataset:ds_1"])).toEqual({
    model: "job:job_1",
    d: "dataset:ds_1",
  });
  await expect(usesOf(["model=job_1"])).rejects.toThrow("bound to");
  await expect(usesOf(["model=@/no/such.json"])).rejects.toThrow("cannot read /no/such.json");
});

test("an input that is not JSON is refused with a hint", async () => {
  await expect(inputOf("plain", process.stdin)).rejects.toThrow("not JSON");
  expect(await inputOf("[1]", process.stdin)).toEqual([1]);
});
