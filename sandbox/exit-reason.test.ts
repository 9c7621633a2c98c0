import { expect, it } from "vitest";
import { exitReason } from "./exit-reason.ts";

const facts = { exitCode: null, signal: null, peakMb: 60, memoryMbMax: 288, stderr: "" };

it.each([
  ["a crash while much memory was held", { signal: "SIGSEGV", peakMb: 280 }, "out-of-memory"],
  ["a crash while little was held", { signal: "SIGSEGV" }, "task-lost"],
  [
    "an abort for which V8 gives the reason",
    { signal: "SIGABRT", stderr: "Fatal: JavaScript heap out of memory" },
    "out-of-memory",
  ],
  [
    "the same as an exit code",
    { exitCode: 134, stderr: "FATAL ERROR: allocation failed" },
    "out-of-memory",
  ],
  [
    "a kill by the system when memory was short",
    { signal: "SIGKILL", peakMb: 280 },
    "out-of-memory",
  ],
  ["a kill by somebody", { signal: "SIGKILL" }, "task-lost"],
  ["a termination by somebody, whatever was held", { signal: "SIGTERM", peakMb: 280 }, "task-lost"],
  ["an exit of its own", { exitCode: 1, stderr: "Error: out of memory, it says" }, "task-lost"],
] as const)("takes %s for what it is", (_, change, code) => {
  expect(exitReason({ ...facts, ...change }).code).toBe(code);
});
