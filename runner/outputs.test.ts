import { expect, it } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import type { GuestReply, GuestRequest } from "../protocol/guest.ts";
import type { ExecutorReply } from "../sandbox/port.ts";
import { guestErrorBody, outputsOf } from "./outputs.ts";
import type { Unit } from "./units.ts";

const job = { id: "j", seed: 1, params: {}, uses: {}, reducers: 3, shardCount: 1 };

function unit(request: object, lo = 5): Unit {
  return {
    lo,
    hi: lo + 1,
    request: { job, fuelMax: 1, ...request } as GuestRequest,
    shards: [],
    parts: [],
    separator: "",
    weight: 1,
  };
}

function reply(pieces: string[], joint: string, header: Partial<GuestReply> = {}): ExecutorReply {
  return {
    header: { fuel: 42, ...header },
    body: Buffer.from(pieces.join(joint)),
    hashes: pieces.map((piece) => digestOf(piece)),
    sizes: pieces.map((piece) => Buffer.byteLength(piece)),
    ms: 1,
  };
}

it("a mapReduce map gives one output a partition, and counts its fuel once", () => {
  const pieces = ['["é",[1]]', "[]", '["b",[2]]'];
  const outputs = outputsOf(unit({ entry: "map" }), "mapReduce", reply(pieces, "\n"));
  expect(outputs.map(({ body }) => Buffer.from(body).toString())).toEqual(pieces);
  expect(outputs.map(({ level, index }) => [level, index])).toEqual([
    [0, 5],
    [1, 5],
    [2, 5],
  ]);
  expect(outputs.map(({ fuel }) => fuel)).toEqual([42, 0, 0]);
  expect(outputs.map(({ hash }) => hash)).toEqual(pieces.map((piece) => digestOf(piece)));
});

it("partials keep their place in the tree and their own fuel", () => {
  const partials = [
    { level: 1, index: 2, bytes: 2, fuel: 10 },
    { level: 0, index: 6, bytes: 3, fuel: 5 },
  ];
  const given = reply(["aa", "bbb"], "", { partials });
  const outputs = outputsOf(unit({ entry: "map" }), "iterate", given);
  expect(outputs.map(({ level, index, fuel }) => [level, index, fuel])).toEqual([
    [1, 2, 10],
    [0, 6, 5],
  ]);
  expect(outputs.map(({ body }) => Buffer.from(body).toString())).toEqual(["aa", "bbb"]);
});

it("anything else is one output", () => {
  for (const entry of ["probe", "reduce", "init", "step", "finish"]) {
    const [output, ...rest] = outputsOf(unit({ entry }), "iterate", reply(["x"], ""));
    expect(output).toMatchObject({ level: 0, index: 5, fuel: 42, hash: digestOf("x") });
    expect(rest).toEqual([]);
  }
});

it("a reply of another shape than its entry promises is a bad output", () => {
  const short = reply(["[]"], "\n");
  expect(() => outputsOf(unit({ entry: "map" }), "mapReduce", short)).toThrow(/3/);
  const partials = [{ level: 0, index: 0, bytes: 1, fuel: 1 }];
  const two = reply(["a", "b"], "", { partials });
  expect(() => outputsOf(unit({ entry: "map" }), "iterate", two)).toThrow(/partials/);
});

it("a guest's error keeps its stack as frames", () => {
  const body = guestErrorBody({
    code: "function-threw",
    name: "TypeError",
    message: "no",
    stack: "TypeError: no\n    at f (bundle:1:2)",
    record: 3,
  });
  expect(body).toEqual({
    code: "function-threw",
    message: "no",
    details: {
      name: "TypeError",
      record: 3,
      frames: ["TypeError: no", "    at f (bundle:1:2)"],
    },
  });
});
