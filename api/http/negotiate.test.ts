import { expect, test } from "vitest";
import { negotiate } from "./negotiate.ts";
import { parsePrefer } from "./prefer.ts";

const offers = ["application/x-ndjson", "application/json", "text/csv"];

test.each([
  [undefined, "application/x-ndjson"],
  ["*/*", "application/x-ndjson"],
  ["application/json", "application/json"],
  ["text/*", "text/csv"],
  ["text/csv;q=0.5, application/json;q=0.9", "application/json"],
  ["application/json;q=0, */*;q=0.1", "application/x-ndjson"],
  ["image/png", undefined],
  ["*/*;q=0", undefined],
  ["text/csv;q=oops", undefined],
])("Accept: %s gives %s", (accept, expected) => {
  expect(negotiate(accept, offers)).toBe(expected);
});

test.each([
  [undefined, { respondAsync: false, waitMs: undefined }],
  ["wait=5", { respondAsync: false, waitMs: 5000 }],
  ['Respond-Async, wait="10"', { respondAsync: true, waitMs: 10_000 }],
  ["wait=0.5, wait=soon, return=minimal", { respondAsync: false, waitMs: undefined }],
  ["wait=1, wait=9", { respondAsync: false, waitMs: 1000 }],
])("Prefer: %s", (header, expected) => {
  expect(parsePrefer(header)).toEqual(expected);
});
