import { beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import type { GridError } from "../protocol/errors.ts";
import { Operations, type PendingRun } from "./operations.ts";
import type { ExecutorReply } from "./port.ts";
import { takeAnswer } from "./take-answer.ts";

/** What a child that a guest has taken over might say: run 2 has two requests, after a load (1) that nobody awaits. */
let operations: Operations;
let replies: [number, ExecutorReply][];
let ended: string[];
let killed: GridError[];

beforeEach(() => {
  operations = new Operations();
  replies = [];
  ended = [];
  killed = [];
  const run: PendingRun = {
    left: 2,
    settled: false,
    onReply: (index, reply) => replies.push([index, reply]),
    resolve: () => {
      run.settled = true;
      ended.push("resolved");
    },
    reject: (error) => {
      run.settled = true;
      ended.push(String(error));
    },
  };
  operations.push({ seq: 1, allowanceMs: 1 }, 0);
  operations.push(
    { seq: 2, allowanceMs: 1, answer: { type: "part", run, first: 0, replied: 0, count: 2 } },
    0,
  );
});

function say(message: Record<string, unknown>, ...payloads: Uint8Array[]): void {
  takeAnswer({ message, payloads }, { operations, fail: (reason) => killed.push(reason) });
}

const body = Buffer.from("ab");
const hash = digestOf("a");
const replied = {
  type: "replies",
  seq: 2,
  first: 0,
  headers: [{ fuel: 1 }, { fuel: 2 }],
  hashes: [[hash], [digestOf("b")]],
  sizes: [[1], [1]],
  lengths: [1, 1],
  ms: [0.1, 0.1],
  end: true,
};

it("takes what is right", () => {
  say({ type: "done", seq: 1 });
  say(replied, body);
  expect(replies.map(([index, reply]) => [index, reply.header.fuel])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(ended).toEqual(["resolved"]);
  expect(operations.busy).toBe(false);
});

describe("refuses", () => {
  it.each<[string, Record<string, unknown>]>([
    ["no type", { seq: 2 }],
    ["an unknown type", { type: "constructor", seq: 2 }],
    ["no number", { type: "done" }],
    ["a number that was never given", { type: "done", seq: 3 }],
    ["a request that is passed over", { type: "done", seq: 2 }],
    ["a description that nobody asked for", { type: "described", seq: 2 }],
    ["replies to a load", { ...replied, seq: 1 }],
    ["replies from the middle", { ...replied, first: 1 }],
    [
      "more replies than requests",
      { ...replied, headers: [{ fuel: 1 }, { fuel: 1 }, { fuel: 1 }] },
    ],
    [
      "fewer replies than requests at the end",
      { ...replied, headers: [], hashes: [], sizes: [], lengths: [], ms: [] },
    ],
    ["headers that are no list", { ...replied, headers: { length: 2 } }],
    ["lists of unequal length", { ...replied, ms: [1] }],
    ["a header without fuel", { ...replied, headers: [{}, { fuel: 1 }] }],
    ["endless fuel", { ...replied, headers: [{ fuel: Number.POSITIVE_INFINITY }, { fuel: 1 }] }],
    ["fuel that is text", { ...replied, headers: [{ fuel: "1" }, { fuel: 1 }] }],
    ["a header that is a list", { ...replied, headers: [[], { fuel: 1 }] }],
    ["logs that are no text", { ...replied, headers: [{ fuel: 1, logs: [{}] }, { fuel: 1 }] }],
    [
      "a content type with a line end",
      { ...replied, headers: [{ fuel: 1, contentType: "a/b\r\nset-cookie: x" }, { fuel: 1 }] },
    ],
    [
      "metrics that are objects",
      { ...replied, headers: [{ fuel: 1, control: { metrics: { a: {} } } }, { fuel: 1 }] },
    ],
    ["a hash that is none", { ...replied, hashes: [["../../etc"], [hash]] }],
    ["more hashes than sizes", { ...replied, hashes: [[hash, hash], [hash]] }],
    ["negative sizes", { ...replied, sizes: [[-1], [1]] }],
    ["bodies beyond the payload", { ...replied, lengths: [1, 9] }],
    ["negative lengths", { ...replied, lengths: [-1, 3] }],
    ["bodies short of the payload", { ...replied, lengths: [1, 0] }],
    ["negative time", { ...replied, ms: [-1, 1] }],
    [
      "a failure of the platform",
      { type: "failed", seq: 2, code: "unauthorized", name: "", message: "", fatal: false },
    ],
    [
      "a failure without a message",
      { type: "failed", seq: 2, code: "timeout", name: "", fatal: false },
    ],
  ])("%s", (_, message) => {
    expect(() => say(message, body)).toThrow(Error);
    expect(ended).toEqual([]);
  });

  it("replies without their payload", () => {
    expect(() => say(replied)).toThrow("do not add up");
  });

  it("a second answer to the same request", () => {
    say(replied, body);
    expect(() => say(replied, body)).toThrow("not asked");
  });
});

it("bounds what a failure says", () => {
  const message = "x".repeat(1e6);
  say({
    type: "failed",
    seq: 2,
    code: "timeout",
    name: message,
    message,
    stack: `${message}\n${message}`,
    fatal: true,
  });
  expect(killed).toHaveLength(1);
  expect(killed[0]?.code).toBe("timeout");
  expect(JSON.stringify(killed[0]?.toBody()).length).toBeLessThan(25_000);
});
