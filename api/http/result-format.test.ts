import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "./lines.ts";
import { representResult } from "./result-format.ts";

const ndjson = "application/x-ndjson";
const json = "application/json";

function native(contentType: string, body: string) {
  return { contentType, body: Readable.from([Buffer.from(body)], { objectMode: false }) };
}

async function given(contentType: string, body: string, accept: string | undefined) {
  const result = await representResult(native(contentType, body), accept);
  return { type: result.contentType.split(";")[0], text: await text(result.body) };
}

test("without Accept a result is given as it is", async () => {
  expect(await given(ndjson, "1\n2\n", undefined)).toEqual({ type: ndjson, text: "1\n2\n" });
  expect(await given("image/png", "xx", "*/*")).toEqual({ type: "image/png", text: "xx" });
});

test("lines become one JSON array", async () => {
  const { text: array } = await given(ndjson, '1\n{"a":2}\n', json);
  expect(JSON.parse(array)).toEqual([1, { a: 2 }]);
  expect((await given(ndjson, "", json)).text).toBe("[]");
});

test("key and value records become CSV, nested values as JSON", async () => {
  const lines = '{"key":"a,b","value":1}\n{"key":"c\\"","value":[1,2]}\n';
  expect((await given(ndjson, lines, "text/csv")).text).toBe('key,value\n"a,b",1\n"c""","[1,2]"\n');
});

test("scalars and rows become CSV", async () => {
  expect((await given(ndjson, "1\n2\n", "text/csv")).text).toBe("value\n1\n2\n");
  expect((await given(json, "[[1,2],[3,4]]", "text/csv")).text).toBe("column1,column2\n1,2\n3,4\n");
});

test("numbers become little-endian doubles", async () => {
  const result = await representResult(native(json, "[[1.5],[null]]"), "application/octet-stream");
  const bytes = await buffer(result.body);
  expect([bytes.readDoubleLE(0), bytes.readDoubleLE(8)]).toEqual([1.5, Number.NaN]);
});

test.each([
  [ndjson, '{"a":{"b":1}}\n', "text/csv"],
  [ndjson, '"x"\n', "application/octet-stream"],
  [json, '{"a":1}', "application/octet-stream"],
  [json, "[[[1]]]", "text/csv"],
  [ndjson, "1\n", "image/png"],
  ["image/png", "x", "application/json"],
])("%s %s cannot be given as %s", async (type, body, accept) => {
  await expect(representResult(native(type, body), accept)).rejects.toMatchObject({
    code: "not-acceptable",
  });
});

test("lines survive any cut of their bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      async (words, size) => {
        const lines = words.map((word) => JSON.stringify(word));
        const bytes = Buffer.from(lines.join("\n"));
        async function* pieces() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        }
        expect(await Array.fromAsync(linesOf(pieces()))).toEqual(lines);
      },
    ),
    { verbose: true },
  );
});
