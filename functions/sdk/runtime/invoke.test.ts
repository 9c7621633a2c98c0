import { describe, expect, test } from "vitest";
import {
  bytes,
  constant,
  csv,
  type Emit,
  items,
  lines,
  map,
  mapReduce,
  matrix,
  ndjson,
  range,
  text,
} from "../index.ts";
import { guestOf } from "../test-support/guest.ts";

const invoke = (input: unknown, data: unknown) => {
  const guest = guestOf({ kind: "map", title: "t", input, map: (record: unknown) => record });
  const reply = guest.run({ entry: "invoke", roundsMax: 1 } as never, JSON.stringify(data));
  return reply.header.error ?? (JSON.parse(reply.text) as unknown);
};

describe("invoke", () => {
  test.each([
    [items(), [{ a: 1 }, null], [{ a: 1 }, null]],
    [ndjson(), [1, "x"], [1, "x"]],
    [lines(), ["a", "b\nc"], ["a", "b\nc"]],
    [lines(), "a\r\nb\n", ["a", "b"]],
    [text(), "a\nb", ["a\nb"]],
    [csv(), [{ a: "1", b: 2 }], [{ a: "1", b: "2" }]],
    [csv(), 'a,b\n1,"x\ny"\n', [{ a: "1", b: "x\ny" }]],
    [
      matrix(),
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [matrix(), { columns: ["x"], rows: [[5]] }, [[5]]],
    [range(), 3, [0, 1, 2]],
    [bytes(), [[1, 255], [2]], [[1, 255], [2]]],
    [
      bytes({ size: 2 }),
      "AQIDBA==",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [bytes(), "AQIDBA", [[1, 2, 3, 4]]],
  ])("reads the inline shape of each input (%#)", (input, data, records) => {
    expect(invoke(input, data)).toEqual(records);
  });

  test.each([
    [items(), {}],
    [items(), []],
    [lines(), [1]],
    [text(), ["a"]],
    [csv(), [1]],
    [csv(), "a,b"],
    [csv({ columns: ["z"] }), [{ a: "1" }]],
    [matrix(), [[1], [1, 2]]],
    [matrix(), [["1"]]],
    [matrix(), { columns: ["a", "b"], rows: [[1]] }],
    [range(), 0],
    [range(), "3"],
    [bytes(), [[256]]],
    [bytes({ size: 2 }), [[1]]],
    [bytes({ size: 3 }), "AQIDBA=="],
    [bytes(), "%%%"],
  ])("refuses another shape as wrong input (%#)", (input, data) => {
    expect(invoke(input, data)).toMatchObject({ code: "wrong-input" });
  });

  test("answers key/value records, sorted by code unit", () => {
    const guest = guestOf(
      mapReduce({
        title: "t",
        input: lines(),
        map(line, emit: Emit<number>) {
          emit(line, 1);
        },
        reduce: (_key, values) => values.length,
      }),
    );
    const reply = guest.run({ entry: "invoke", roundsMax: 1 } as never, '["b","a","b","B"]');
    expect(JSON.parse(reply.text)).toEqual([
      { key: "B", value: 1 },
      { key: "a", value: 1 },
      { key: "b", value: 2 },
    ]);
  });

  test("without data, runs the example with its parameters and constants", () => {
    const fn = map({
      title: "t",
      input: items<number>(),
      params: { factor: 1 },
      uses: { offset: constant<number>() },
      map: (item, { params, uses }) => item * params.factor + uses.offset,
      example: { input: [1, 2], params: { factor: 10 }, uses: { offset: 5 } },
    });
    const guest = guestOf(fn);
    const example = { entry: "invoke", roundsMax: 1 } as never;
    expect(guest.run(example).text).toBe("[15,25]");
    const { error } = guest.run(example, "[1]").header;
    expect(error).toMatchObject({
      code: "wrong-input",
      message: "the constant offset is not bound",
    });
  });
});
