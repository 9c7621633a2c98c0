import type { HostileCase } from "../case.ts";

const memoryMb = 64;
const bounds = { memoryMb, timeoutMs: 4_000, fuelMax: 1e11 };
/** V8 near its limit collects more than it computes: a slow machine meets the clock first. Each is the function's fault. */
const spent = ["out-of-memory", "timeout"] as const;

/** Memory bombs: counted by V8, counted late, and not counted at all. */
export const memory: readonly HostileCase[] = [
  {
    name: "an array that grows",
    attack: `const all = []; for (;;) all.push(new Array(100).fill(1))`,
    ...bounds,
    outcome: { fails: spent },
  },
  {
    name: "a Map that grows",
    attack: `const all = new Map(); for (let i = 0; ; i++) all.set(i, new Array(20).fill(i))`,
    ...bounds,
    outcome: { fails: [...spent, "function-threw"] },
  },
  {
    name: "objects in a chain",
    attack: `let chain; for (;;) chain = { chain, a: 1, b: 2, c: 3 }`,
    ...bounds,
    outcome: { fails: spent },
  },
  {
    name: "typed arrays that are kept",
    attack: `const all = []; for (;;) all.push(new Float64Array(100_000).fill(1))`,
    ...bounds,
    outcome: { fails: [...spent, "function-threw"] },
  },
  {
    name: "one ArrayBuffer of 4 GB",
    attack: `return new ArrayBuffer(2 ** 32).byteLength`,
    ...bounds,
    outcome: { fails: ["function-threw", "out-of-memory"] },
  },
  {
    name: "an ArrayBuffer that resizes",
    attack: `const buffer = new ArrayBuffer(1, { maxByteLength: 2 ** 32 });
      buffer.resize(2 ** 32); new Uint8Array(buffer).fill(1); return 1`,
    ...bounds,
    outcome: { fails: ["function-threw", "out-of-memory"] },
  },
  {
    name: "a billion zeros in one call",
    attack: `return new Array(1e9).fill(0).length`,
    ...bounds,
    outcome: { fails: spent },
  },
  {
    name: "a string repeated",
    attack: `return "x".repeat(2 ** 29).length`,
    ...bounds,
    outcome: { fails: ["function-threw", "out-of-memory"] },
  },
  {
    name: "a string doubled",
    attack: `let text = "x"; for (;;) text += text + record`,
    ...bounds,
    outcome: { fails: ["function-threw", "out-of-memory"] },
  },
  {
    name: "strings that are kept flat",
    attack: `const all = []; for (let i = 0; ; i++) all.push(String(i).padEnd(100_000, "xy"))`,
    ...bounds,
    outcome: { fails: spent },
  },
  {
    name: "a BigInt squared",
    attack: `let big = 3n; for (;;) big *= big`,
    ...bounds,
    outcome: { fails: [...spent, "function-threw"] },
  },
  {
    name: "WebAssembly memory, which no limit counts",
    attack: `return new WebAssembly.Memory({ initial: 16_000 }).buffer.byteLength`,
    ...bounds,
    outcome: { fails: "function-threw", hint: "its memory cannot be bounded" },
  },
  {
    name: "a long list of results",
    attack: `return Array.from({ length: 3_000_000 }, (_, i) => ["some text", i])`,
    ...bounds,
    outcome: { fails: [...spent, "output-too-large"] },
  },
  {
    name: "a spread of an endless iterable",
    attack: `return [...{ *[Symbol.iterator]() { for (;;) yield [1, 2, 3]; } }]`,
    ...bounds,
    outcome: { fails: [...spent, "function-threw"] },
  },
];
