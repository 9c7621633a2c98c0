import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytes, csv, items, lines, map, matrix, ndjson, range, text } from "../index.ts";
import { guestOf, shardMeta, sliceOf } from "../test-support/guest.ts";

const float64 = (...numbers: number[]): ArrayBuffer => new Float64Array(numbers).buffer;

describe("map", () => {
  test.each([
    ["text", text(), "a\nb", 1, {}, ['"a\\nb"']],
    ["lines", lines(), "a\n\nb", 3, {}, ['"a"', '""', '"b"']],
    ["ndjson", ndjson(), '{"a":1}\n[2]\nnull', 3, {}, ['{"a":1}', "[2]", "null"]],
    [
      "csv",
      csv(),
      '1,"x,y"\n2',
      2,
      { columns: ["a", "b"] },
      ['{"a":"1","b":"x,y"}', '{"a":"2","b":""}'],
    ],
    ["matrix", matrix(), float64(1, 2, 3, 4), 2, { columns: ["x", "y"] }, ["[1,2]", "[3,4]"]],
    [
      "matrix",
      matrix(),
      new Float32Array([1.5, 2]).buffer,
      2,
      { columns: ["x"], dtype: "f32" },
      ["[1.5]", "[2]"],
    ],
    [
      "bytes",
      bytes({ size: 2 }),
      new Uint8Array([1, 2, 3, 4]).buffer,
      2,
      { recordBytes: 2 },
      ["[1,2]", "[3,4]"],
    ],
    ["bytes", bytes(), new Uint8Array([1, 2]).buffer, 1, {}, ["[1,2]"]],
  ] as const)(
    "gives the records of %s to the author",
    (format, input, data, count, more, expected) => {
      const guest = guestOf(map({ title: "t", input, map: (record: unknown) => record }));
      guest.load("k", shardMeta(format, count, more as object), data);
      const reply = guest.run({ entry: "map", slice: sliceOf("k", 0, count) } as never);
      expect(reply.header.error).toBeUndefined();
      expect(reply.text.split("\n")).toEqual(expected);
    },
  );

  const drawing = map({
    title: "t",
    input: lines(),
    map: (line, { random, record, shard }) => [line, random(), random(), record, shard.index],
  });

  test("gives the same outputs and fuel however the shard is sliced, resident or not", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", " ") }), { minLength: 1 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.boolean(),
        (records, cuts, evicts) => {
          const guest = guestOf(drawing);
          const load = () =>
            guest.load("k", shardMeta("lines", records.length), records.join("\n"));
          const run = (from: number, to: number) => {
            const slice = sliceOf("k", from, to, { record: 1000 + from });
            const reply = guest.run({ entry: "map", slice } as never);
            expect(reply.header.error).toBeUndefined();
            return reply;
          };
          load();
          const whole = run(0, records.length);
          const bounds = [...new Set([0, records.length, ...cuts.map((c) => c % records.length)])];
          bounds.sort((a, b) => a - b);
          let fuel = 0;
          const parts: string[] = [];
          for (let i = 1; i < bounds.length; i++) {
            if (evicts) {
              guest.evict("k");
              load();
            }
            const part = run(bounds[i - 1]!, bounds[i]!);
            fuel += part.header.fuel;
            parts.push(part.text);
          }
          expect(parts.join("\n")).toBe(whole.text);
          expect(fuel).toBe(whole.header.fuel);
        },
      ),
      { verbose: 1 },
    );
  });

  test("gives integers of a range, which need no shard", () => {
    const guest = guestOf(map({ title: "t", input: range(), map: (i) => i * i }));
    const reply = guest.run({ entry: "map", slice: sliceOf(undefined, 3, 6) } as never);
    expect(reply.text).toBe("9\n16\n25");
  });

  test("records that an author writes to are whole again for the next task", () => {
    const vandal = map({
      title: "t",
      input: matrix(),
      map(row) {
        row[0]! += 1;
        return row[0]!;
      },
    });
    const guest = guestOf(vandal);
    guest.load("k", shardMeta("matrix", 2, { columns: ["x"] }), float64(1, 2));
    const request = { entry: "map", slice: sliceOf("k", 0, 2) } as never;
    expect(guest.run(request).text).toBe("2\n3");
    expect(guest.run(request).text).toBe("2\n3");
  });

  test("joins bytes outputs, copied from a buffer that the author uses again", () => {
    const scratch = new Uint8Array(2);
    const guest = guestOf(
      map({ title: "t", input: range(), map: (i) => scratch.fill(i), output: "image/png" }),
    );
    const reply = guest.run({ entry: "map", slice: sliceOf(undefined, 1, 3) } as never);
    expect([...reply.bytes]).toEqual([1, 1, 2, 2]);
    expect(reply.header.contentType).toBe("image/png");
  });

  test("NaN and Infinity are null in JSON; typed arrays are number arrays at any depth", () => {
    const guest = guestOf(
      map({
        title: "t",
        input: range(),
        map: () => ({ a: [NaN, Infinity], b: { c: new Int8Array(2) } }),
      }),
    );
    const reply = guest.run({ entry: "map", slice: sliceOf(undefined, 0, 1) } as never);
    expect(reply.text).toBe('{"a":[null,null],"b":{"c":[0,0]}}');
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each([
    ["undefined", () => undefined, "null"],
    ["a bigint", () => ({ n: 1n }), "String"],
    ["a function", () => () => 1, "plain data"],
    ["a promise", async () => 1, "synchronous"],
    ["a Map", () => ({ m: new Map() }), "fromEntries"],
    ["a cycle", () => cyclic, ""],
  ])("refuses %s as an output, naming the record", (_name, author, hint) => {
    const guest = guestOf(
      map({ title: "t", input: range(), map: (i) => (i === 12 ? author() : 1) as unknown }),
    );
    const { header } = guest.run({ entry: "map", slice: sliceOf(undefined, 10, 14) } as never);
    expect(header.error).toMatchObject({ code: "bad-output", entry: "map", record: 12 });
    expect(header.error?.hint ?? "").toContain(hint);
  });

  test("a probe runs the records and answers only how many", () => {
    const guest = guestOf(map({ title: "t", input: range(), map: (i) => i }));
    const reply = guest.run({ entry: "probe", slice: sliceOf(undefined, 0, 5) } as never);
    expect(reply.text).toBe("");
    expect(reply.header).toEqual({ fuel: 5, control: { records: 5 }, anyCount: true });
  });

  test("parameters have their defaults, and cannot be written to", () => {
    const fn = map({
      title: "t",
      input: range(),
      params: { a: 1, list: [1, 2] },
      map(_i, { params }) {
        (params.list as number[]).push(3);
        return params;
      },
    });
    const guest = guestOf(fn, { params: { a: 5 } });
    const reply = guest.run({ entry: "map", slice: sliceOf(undefined, 0, 1) } as never);
    expect(reply.header.error).toMatchObject({ code: "function-threw", name: "TypeError" });
  });

  test("a constant is decoded once and comes from JSON or from a dataset", () => {
    const seen: unknown[] = [];
    const fn = map({
      title: "t",
      input: range(),
      uses: { model: { constant: {} }, table: { constant: {} } },
      map(_i, { uses }) {
        seen.push(uses.model);
        return [
          uses.model,
          Array.from(uses.table as Float64Array),
          (uses.table as { width: number }).width,
        ];
      },
    });
    const guest = guestOf(fn, { uses: { model: "m", table: "t" } });
    guest.load("m", { type: "json" }, '{"w":[1]}');
    guest.load("s0", shardMeta("matrix", 1, { columns: ["a", "b"] }), float64(1, 2));
    guest.load("s1", shardMeta("matrix", 1, { columns: ["a", "b"] }), float64(3, 4));
    guest.load("t", { type: "dataset", shards: ["s0", "s1"] }, "");
    const reply = guest.run({ entry: "map", slice: sliceOf(undefined, 0, 2) } as never);
    expect(reply.text.split("\n")[0]).toBe('[{"w":[1]},[1,2,3,4],2]');
    expect(seen[0]).toBe(seen[1]);
  });

  test("says which record is malformed, and which column is missing", () => {
    const guest = guestOf(map({ title: "t", input: ndjson(), map: (r) => r }));
    guest.load("k", shardMeta("ndjson", 3), "1\n{oops\n3");
    const request = { entry: "map", slice: sliceOf("k", 0, 3, { record: 40 }) } as never;
    expect(guest.run(request).header.error).toMatchObject({
      code: "malformed-record",
      message: "record 41 is not JSON",
    });
    const needy = guestOf(map({ title: "t", input: csv({ columns: ["b"] }), map: (r) => r.b }));
    needy.load("k", shardMeta("csv", 1, { columns: ["a"] }), "1");
    const error = needy.run({ entry: "map", slice: sliceOf("k", 0, 1) } as never).header.error;
    expect(error).toMatchObject({ code: "wrong-input", hint: "its columns are a" });
  });

  test("ends early when the output could never be sent", () => {
    const guest = guestOf(map({ title: "t", input: items(), map: () => "x".repeat(60_000) }));
    guest.load("k", shardMeta("ndjson", 3), "1\n2\n3");
    const { header } = guest.run({ entry: "map", slice: sliceOf("k", 0, 3) } as never);
    expect(header.error).toMatchObject({ code: "output-too-large", record: 1 });
  });

  test("a shard that was never loaded is the host's fault", () => {
    const guest = guestOf(map({ title: "t", input: lines(), map: (r) => r }));
    const { error } = guest.run({ entry: "map", slice: sliceOf("k", 0, 1) } as never).header;
    expect(error).toMatchObject({ code: "runner-fault", message: "no blob is loaded as k" });
  });
});
