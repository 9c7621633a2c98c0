import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordBytesMax, shardBytesMax, shardBytesMin } from "../../protocol/limits.ts";
import { gridError, openTestIngest } from "./test-support.ts";

let store: Awaited<ReturnType<typeof openTestIngest>>;
beforeAll(async () => {
  store = await openTestIngest();
});
afterAll(() => store.close());

async function texts(data: string | Buffer, options: Parameters<typeof store.ingest>[1] = {}) {
  const ingested = await store.ingest(data, options);
  const shards = await store.shards(ingested.manifest.shards);
  return { ...ingested, texts: shards.map((shard) => shard.toString()) };
}

describe("lines", () => {
  test("records are separated by newlines, and a last newline ends the last record", async () => {
    for (const data of ["a\nb\nc", "a\nb\nc\n"]) {
      const { texts: shards, records } = await texts(data);
      expect(shards).toEqual(["a\nb\nc"]);
      expect(records).toBe(3);
    }
  });

  test("empty lines are records, but nothing after the last newline is", async () => {
    const { texts: shards, records } = await texts("\n\na\n\n");
    expect(shards).toEqual(["\n\na\n"]);
    expect(records).toBe(4);
    expect(await texts("\n")).toMatchObject({ texts: [""], records: 1 });
  });

  test("CRLF becomes LF, a lone CR stays, a byte order mark goes", async () => {
    expect((await texts("a\r\nb\rc\r\n")).texts).toEqual(["a\nb\rc"]);
    expect((await texts("\ufeffa\nb")).texts).toEqual(["a\nb"]);
  });

  test("shards start small and grow with the data, and hold all of it", async () => {
    const lines = Array.from({ length: 400_000 }, (_, i) => `line ${i} ${"é".repeat(i % 50)}`);
    const { texts: shards, manifest, records, bytes } = await texts(lines.join("\n"));
    expect(shards.join("\n")).toBe(lines.join("\n"));
    expect(records).toBe(lines.length);
    expect(bytes).toBe(manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0));
    expect(manifest.shards[0]!.bytes).toBeLessThanOrEqual(shardBytesMin);
    const sizes = manifest.shards.slice(0, -1).map((shard) => shard.bytes);
    expect(Math.max(...sizes)).toBeGreaterThan(Math.min(bytes / 16, shardBytesMax) * 0.8);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(shardBytesMax);
    manifest.shards.forEach((shard, i) => {
      expect(shard.records).toBe(shards[i]!.split("\n").length);
    });
  });

  test("1 MB spreads over some 20 shards", async () => {
    const { manifest } = await texts("0123456789abcde\n".repeat(65_536));
    expect(manifest.shards.length).toBeGreaterThan(18);
    expect(manifest.shards.length).toBeLessThan(23);
  });

  test("a line may be as long as the limit and no longer", async () => {
    const long = "x".repeat(recordBytesMax);
    const { records } = await texts(`a\n${long}\r\nb`);
    expect(records).toBe(3);
    for (const data of [`a\nb\n${long}x\nc`, `a\nb\n${long}x`, `a\nb\n${long}${long}`]) {
      const error = await gridError(texts(data));
      expect(error.code).toBe("record-too-large");
      expect(error.details.line).toBe(3);
    }
  });

  test("invalid UTF-8 is refused with its line, or dropped", async () => {
    const bad = Buffer.concat([Buffer.from("a\r\nb\n"), Buffer.from([0xc3]), Buffer.from("\nd")]);
    const error = await gridError(texts(bad));
    expect(error).toMatchObject({ code: "malformed-record", details: { line: 3 } });
    const kept = await texts(bad, { onBadRecord: "skip" });
    expect(kept).toMatchObject({ texts: ["a\nb\nd"], records: 3, skipped: 1 });
  });

  test("a malformed line deep in the data has its exact number", async () => {
    const lines = Buffer.from("some line of text\n".repeat(200_000));
    lines[18 * 123_456 + 3] = 0xff;
    expect((await gridError(texts(lines))).details.line).toBe(123_457);
  });

  test("no bytes, or a byte order mark alone, are an empty dataset", async () => {
    for (const data of ["", "\ufeff"])
      expect((await gridError(texts(data))).code).toBe("empty-dataset");
  });
});

describe("text", () => {
  test("shards are cut after line ends and joined are the text", async () => {
    const text = Array.from({ length: 30_000 }, (_, i) => `paragraph ${i} — ümlaut`).join("\n");
    const { texts: shards, manifest, records } = await texts(`${text}\n`, { format: "text" });
    expect(shards.join("")).toBe(`${text}\n`);
    expect(records).toBe(manifest.shards.length);
    for (const shard of shards) expect(shard.endsWith("\n")).toBe(true);
  });

  test("a line longer than a shard is cut at white space", async () => {
    const text = "word ".repeat(100_000);
    const { texts: shards } = await texts(text, { format: "text" });
    expect(shards.length).toBeGreaterThan(10);
    expect(shards.join("")).toBe(text);
    for (const shard of shards) expect(shard.length % 5).toBe(0);
  });

  test("text without white space stays whole up to the limit", async () => {
    const word = "x".repeat(300_000);
    const { texts: shards } = await texts(`${word} ${word}`, { format: "text" });
    expect(shards).toEqual([`${word} `, word]);
    const error = await gridError(texts("x".repeat(recordBytesMax + 2), { format: "text" }));
    expect(error.code).toBe("record-too-large");
  });

  test("skipping drops the lines that are not UTF-8", async () => {
    const bad = Buffer.concat([Buffer.from("a\n"), Buffer.from([0xff]), Buffer.from("\nb\n")]);
    expect(await texts(bad, { format: "text", onBadRecord: "skip" })).toMatchObject({
      texts: ["a\nb\n"],
      records: 1,
      skipped: 1,
    });
  });
});

describe("ndjson", () => {
  test("blank lines are ignored and lines stay as they are written", async () => {
    const { texts: shards, records } = await texts('{"a": 1}\r\n\n  \n[2]\n"x"\n', {
      format: "ndjson",
    });
    expect(shards).toEqual(['{"a": 1}\n[2]\n"x"']);
    expect(records).toBe(3);
  });

  test("each line must be one JSON value, even where broken lines balance", async () => {
    for (const [data, line] of [
      ['{"a":1}\n{"a":}\n', 2],
      ['{"a":[{"b":1}\n{"c":2}]}\n{"x":1},{"y":2}', 1],
      ["1\n2\n3,4", 3],
      ["1\n\n\nundefined", 4],
    ] as const) {
      const error = await gridError(texts(data, { format: "ndjson" }));
      expect(error).toMatchObject({ code: "malformed-record", details: { line } });
    }
  });

  test("skipping drops and counts malformed lines", async () => {
    const kept = await texts('1\n{"a"\n\n2\nx', { format: "ndjson", onBadRecord: "skip" });
    expect(kept).toMatchObject({ texts: ["1\n2"], records: 2, skipped: 2 });
    const error = await gridError(texts("x\ny", { format: "ndjson", onBadRecord: "skip" }));
    expect(error.code).toBe("empty-dataset");
  });
});
