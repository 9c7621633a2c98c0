import { expect, test } from "vitest";
import { WaitingCalls } from "./waiting-calls.ts";

const made = (...calls: string[]) => {
  const waiting = new WaitingCalls<string>((call) => call[0]!);
  for (const call of calls) waiting.add(call);
  return waiting;
};
/** What is taken when `slots` calls find a runner, of the lanes that have one. */
const taken = (waiting: WaitingCalls<string>, slots: number, lanes = "abc") => {
  const order: string[] = [];
  waiting.offer((call) => {
    if (order.length === slots || !lanes.includes(call[0]!)) return false;
    order.push(call);
    return true;
  });
  return order;
};

test("lanes take turns, and within a lane the first comes first", () => {
  const waiting = made("a1", "a2", "a3", "a4", "b1", "c1", "c2");
  expect(taken(waiting, 4)).toEqual(["a1", "b1", "c1", "a2"]);
  expect(waiting.size).toBe(3);
  // The lane that was served last comes last.
  expect(taken(waiting, 1)).toEqual(["c2"]);
  expect(taken(waiting, 9)).toEqual(["a3", "a4"]);
  expect(waiting.size).toBe(0);
});

test("a lane without a runner holds up no other", () => {
  const waiting = made("a1", "b1", "a2", "b2");
  expect(taken(waiting, 9, "b")).toEqual(["b1", "b2"]);
  expect(taken(waiting, 9, "b")).toEqual([]);
  expect(taken(waiting, 9)).toEqual(["a1", "a2"]);
});

test("a call that was given up is not offered", () => {
  const waiting = made("a1", "a2", "b1");
  for (const call of ["a1", "b1", "never"]) waiting.remove(call);
  expect(waiting.size).toBe(1);
  expect(taken(waiting, 9)).toEqual(["a2"]);
});

test("all that wait are given back when nothing is offered any more", () => {
  const waiting = made("a1", "b1", "a2");
  expect(waiting.clear().sort()).toEqual(["a1", "a2", "b1"]);
  expect(waiting.size).toBe(0);
  expect(taken(waiting, 9)).toEqual([]);
});
