import { expect, it } from "vitest";
import { digestOf } from "../protocol/digest.ts";
import { GridError } from "../protocol/errors.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import { LeaseReport, type ResultLink, type ResultMessage, type UnitResult } from "./results.ts";

interface Recorded extends ResultLink {
  sent: { message: RunnerToGateway; payloads: Uint8Array[] }[];
  ended: number;
  /** Lets the next upload go on, or fail. */
  uploads: { resolve: () => void; reject: (error: unknown) => void }[];
}

function record(hi: number, inlineBytesMax = 100): [LeaseReport, Recorded] {
  const link: Recorded = {
    inlineBytesMax,
    sent: [],
    ended: 0,
    uploads: [],
    send: (message, payloads = []) => link.sent.push({ message, payloads }),
    put: () =>
      new Promise<void>((resolve, reject) => {
        link.uploads.push({ resolve, reject });
      }),
  };
  const report = new LeaseReport("lse", hi, link, () => link.ended++);
  return [report, link];
}

function result(task: number, bytes = 3): UnitResult {
  const body = Buffer.alloc(bytes, task);
  const output = { level: 0, index: task, hash: digestOf(body), fuel: 1, body };
  return { lo: task, hi: task + 1, outputs: [output], ms: 2 };
}

const results = (link: Recorded): ResultMessage[] =>
  link.sent.flatMap(({ message }) => (message.type === "result" ? [message] : []));

it("sends the results of a short lease as one message, at its end", () => {
  const [report, link] = record(3);
  for (let task = 0; task < 3; task++) report.add(result(task));
  expect(results(link)).toHaveLength(1);
  expect(results(link)[0]).toMatchObject({ lease: "lse", lo: 0, hi: 3, ms: 6 });
  expect(link.sent[0]!.payloads.map((payload) => payload[0])).toEqual([0, 1, 2]);
  expect(link.ended).toBe(1);
});

it("sends what there is after 20 ms, and large amounts at once", async () => {
  const [report, link] = record(1000, 200_000);
  report.add(result(0));
  expect(link.sent).toHaveLength(0);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(results(link).map(({ lo, hi }) => [lo, hi])).toEqual([[0, 1]]);
  report.add(result(1, 150_000));
  report.add(result(2, 150_000));
  expect(results(link).map(({ lo, hi }) => [lo, hi])).toEqual([
    [0, 1],
    [1, 3],
  ]);
  report.cancel();
});

it("stores large outputs first and keeps everything after them in order", async () => {
  const [report, link] = record(3);
  report.add(result(0, 101));
  await new Promise((resolve) => setTimeout(resolve, 40));
  report.add(result(1));
  report.fail(2, { code: "function-threw", message: "no" });
  expect(link.sent).toEqual([]);
  link.uploads[0]!.resolve();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(link.sent.map(({ message }) => message.type)).toEqual(["result", "result", "failed"]);
  expect(results(link)[0]!.outputs[0]).toMatchObject({ inline: false, bytes: 101 });
  expect(link.sent[0]!.payloads).toEqual([]);
  expect(link.ended).toBe(1);
});

it("fails the lease when an output cannot be stored", async () => {
  const [report, link] = record(2);
  report.add(result(0, 101));
  report.add(result(1));
  link.uploads[0]!.reject(new GridError("store-unavailable", "down"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(link.sent.map(({ message }) => message)).toEqual([
    {
      type: "failed",
      lease: "lse",
      at: 0,
      error: expect.objectContaining({ code: "store-unavailable" }),
    },
  ]);
  expect(link.ended).toBe(1);
});

it("reports what preceded a failure before it", () => {
  const [report, link] = record(5);
  report.add(result(0));
  report.fail(1, { code: "out-of-fuel", message: "dry" });
  expect(link.sent.map(({ message }) => message.type)).toEqual(["result", "failed"]);
  report.add(result(2));
  report.release();
  expect(link.sent).toHaveLength(2);
});

it("a result never outgrows a frame, however many outputs a task has", () => {
  const [report, link] = record(1, 256 * 1024);
  const body = Buffer.alloc(256 * 1024);
  const outputs = Array.from({ length: 100 }, (_, level) => ({
    level,
    index: 0,
    hash: digestOf(body),
    fuel: 0,
    body,
  }));
  report.add({ lo: 0, hi: 1, outputs, ms: 1 });
  expect(link.uploads.length).toBe(84);
});

it("says nothing after it was cancelled", async () => {
  const [report, link] = record(2);
  report.add(result(0));
  report.cancel();
  report.add(result(1));
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(link.sent).toEqual([]);
  expect(link.ended).toBe(1);
});
