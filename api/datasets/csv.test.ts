import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordBytesMax } from "../../protocol/limits.ts";
import { readCsvRows } from "./csv-scan.ts";
import { gridError, openTestIngest } from "./test-support.ts";

let store: Awaited<ReturnType<typeof openTestIngest>>;
beforeAll(async () => {
  store = await openTestIngest();
});
afterAll(() => store.close());

async function rows(data: string | Buffer, onBadRecord: "refuse" | "skip" = "refuse") {
  const ingested = await store.ingest(data, { format: "csv", onBadRecord });
  const shards = await store.shards(ingested.manifest.shards);
  return { ...ingested, texts: shards.map((shard) => shard.toString()) };
}

describe("csv", () => {
  test("the header becomes columns and is in no shard", async () => {
    const { manifest, texts, records } = await rows('\ufeffname, age ,"a ""b"""\r\nx,1,2\r\n');
    expect(manifest.columns).toEqual(["name", "age", 'a "b"']);
    expect(texts).toEqual(["x,1,2"]);
    expect(records).toBe(1);
  });

  test("quoted newlines, commas and quotes belong to their field", async () => {
    const { texts, records } = await rows('a,b\n"1\r\n2","x, ""y"""\r\n"",z\n3,"4"');
    expect(texts).toEqual(['"1\r\n2","x, ""y"""\n"",z\n3,"4"']);
    expect(records).toBe(3);
    expect(readCsvRows(texts[0]!)).toEqual([
      ["1\r\n2", 'x, "y"'],
      ["", "z"],
      ["3", "4"],
    ]);
  });

  test("blank lines are ignored", async () => {
    expect(await rows("a,b\n\n1,2\n\r\n3,4\n\n")).toMatchObject({
      texts: ["1,2\n3,4"],
      records: 2,
    });
  });

  test.each([
    ["a,b\n1,2\n3\n", 3, "1 fields, but the header has 2"],
    ["a,b\n1,2,3\n", 2, "3 fields"],
    ['a,b\n"x\ny",2\n"1,2\n3,4\n', 4, "a quote is never closed"],
    ['a,b\n1,5" pipe\n', 2, "a quote inside an unquoted field"],
    ['a,b\n"1"x,2\n', 2, "text after a closing quote"],
    ['a,b\n"1\n\n2"x,2\n', 4, "text after a closing quote"],
    ["a,\n1,2", 1, "column 2 of the header has no name"],
    ["\na,b,a\n", 2, "the header names “a” twice"],
  ])("%j is malformed in line %i", async (data, line, what) => {
    const error = await gridError(rows(data));
    expect(error.code).toBe("malformed-record");
    expect(error.details.line).toBe(line);
    expect(error.message).toContain(what);
  });

  test("invalid UTF-8 is malformed", async () => {
    const bad = Buffer.concat([Buffer.from("a\n1\n"), Buffer.from([0xff]), Buffer.from("\n2")]);
    expect((await gridError(rows(bad))).details.line).toBe(3);
    expect(await rows(bad, "skip")).toMatchObject({ texts: ["1\n2"], skipped: 1 });
  });

  test("skipping costs a bad row its own line only", async () => {
    const data = 'a,b\n1,2\n3\n5" pipe,4\n"q\nr",6\n"7"x,8\n9,"open\n10,11\n';
    const kept = await rows(data, "skip");
    expect(kept.texts).toEqual(['1,2\n"q\nr",6\n10,11']);
    expect(kept).toMatchObject({ records: 3, skipped: 4 });
  });

  test("a bad row deep in plain and in quoted data has its exact line", async () => {
    const plain = Array.from({ length: 100_000 }, (_, i) => `${i},value ${i}`);
    plain[77_777] = "oops";
    expect((await gridError(rows(`a,b\n${plain.join("\n")}`))).details.line).toBe(77_779);
    const quoted = Array.from({ length: 50_000 }, (_, i) => `${i},"value\n${i}"`);
    quoted[33_333] = 'oops,"two\nlines",more';
    expect((await gridError(rows(`a,b\n${quoted.join("\n")}`))).details.line).toBe(66_668);
  });

  test("a header alone is an empty dataset", async () => {
    for (const data of ["a,b", "a,b\n", "\n\n", ""])
      expect((await gridError(rows(data))).code).toBe("empty-dataset");
  });

  test("a row over the limit is too large, quoted or not", async () => {
    const long = "x".repeat(recordBytesMax - 4);
    expect((await rows(`a,b\n"${long}",1\n`)).records).toBe(1);
    for (const data of [`a,b\n1,2\n"${long}x",1\n`, `a,b\n1,2\n${long}xxxx,1`]) {
      const error = await gridError(rows(data));
      expect(error).toMatchObject({ code: "record-too-large", details: { line: 3 } });
    }
  });
});
