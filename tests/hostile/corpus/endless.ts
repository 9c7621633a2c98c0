import type { HostileCase } from "../case.ts";

const fuelMax = 2e7;
const outOfFuel = { fails: "out-of-fuel" } as const;
/** The runtime ends it as its task ends. */
const leftBehind = { fails: "function-threw", message: "left work behind" } as const;
const backstop = { timeoutMs: 1_500, fuelMax: 1e12 };

/** What does not end: counted by the meter where it can be, and stopped by the clock where not. */
export const endless: readonly HostileCase[] = [
  { name: "a loop", attack: "for (;;);", fuelMax, outcome: outOfFuel },
  {
    name: "a labelled loop that continues itself",
    attack: "outer: while (true) { do { continue outer } while (true) }",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a loop in a getter",
    attack: "const trap = { get x() { for (;;); } }; return trap.x",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a loop in toString",
    attack: "return '' + { toString() { for (;;); } }",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a loop in a Proxy trap",
    attack: "return 'x' in new Proxy({}, { has() { for (;;); } })",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a loop in finally, entered by running out of fuel",
    attack: "try { for (;;); } finally { for (;;); }",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "catch that begins anew",
    attack: "for (;;) { try { for (;;); } catch {} }",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "catch that returns a result after all",
    attack: "try { for (;;); } catch { return 'swallowed' }",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "finally that returns a result after all",
    attack: "try { for (;;); } finally { return 'swallowed' }",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a generator's return that swallows",
    attack: `const values = (function* () { try { yield 1; } finally { yield "swallowed"; } })();
      for (const value of values) { for (;;); }`,
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a promise that swallows",
    attack: `let caught; new Promise(() => { for (;;); }).catch((error) => { caught = error; });
      return "swallowed"`,
    fuelMax,
    outcome: leftBehind,
  },
  {
    name: "a callback of sort",
    attack: "return [3, 2, 1].sort(() => { for (;;); })",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a callback of replace",
    attack: "return record.replace(/a/g, () => { for (;;); })",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "a reviver of JSON.parse",
    attack: "return JSON.parse('[1]', () => { for (;;); })",
    fuelMax,
    outcome: outOfFuel,
  },
  {
    name: "mutual recursion without end in tail position",
    attack: "const even = (n) => odd(n + 1), odd = (n) => even(n + 1); return even(0)",
    fuelMax,
    outcome: { fails: ["stack-exhausted", "out-of-fuel"] },
  },
  {
    name: "recursion whose overflow is caught again and again",
    attack: `let caught = 0; const deeper = () => { try { deeper(); } catch { caught += 1; deeper(); } };
      deeper(); return caught`,
    fuelMax,
    outcome: { fails: "stack-exhausted" },
  },
  {
    name: "recursion that measures the stack",
    attack: `let depth = 0; const deeper = () => { depth += 1; deeper(); };
      try { deeper(); } catch { return depth }`,
    fuelMax,
    outcome: { fails: "stack-exhausted" },
  },
  {
    name: "recursion through JSON.stringify",
    attack: `const nest = { toJSON: () => [nest] }; return JSON.stringify(nest).length`,
    fuelMax,
    outcome: { fails: "stack-exhausted" },
  },
  {
    name: "a deep structure as the result",
    attack: `let deep = []; for (let i = 0; i < 200_000; i++) deep = [deep]; return deep`,
    fuelMax,
    outcome: { fails: ["stack-exhausted", "function-threw", "bad-output"] },
  },
  {
    name: "a regular expression that backtracks for ever",
    attack: `return /^(a+)+$/.test("a".repeat(60) + "!")`,
    ...backstop,
    outcome: { fails: "timeout" },
  },
  {
    name: "a sparse array's length",
    attack: "const sparse = []; sparse[4294967294] = 1; return sparse.indexOf(2)",
    ...backstop,
    outcome: { fails: ["timeout", "out-of-fuel", "function-threw"] },
  },
  {
    name: "an array-like without end",
    attack: "return Array.prototype.join.call({ length: 2 ** 53 - 1 }, '')",
    ...backstop,
    outcome: { fails: ["timeout", "out-of-fuel", "out-of-memory", "function-threw"] },
  },
  {
    name: "a storm of microtasks",
    attack: `const again = () => { Promise.resolve().then(again); Promise.resolve().then(again); };
      again(); return "left behind"`,
    fuelMax,
    timeoutMs: 3_000,
    outcome: leftBehind,
  },
  {
    name: "an async function that awaits for ever",
    attack: "(async () => { for (;;) await null; })(); return 1",
    fuelMax,
    timeoutMs: 3_000,
    outcome: leftBehind,
  },
  {
    name: "a module that does not finish loading",
    before: "for (;;);",
    attack: "return 1",
    outcome: { refused: "out-of-fuel" },
  },
  {
    name: "a module that fills the memory as it loads",
    before: "const all = []; while (all.length < 9e9) all.push(new Array(1e5).fill(1));",
    attack: "return 1",
    outcome: { refused: ["out-of-memory", "out-of-fuel"] },
  },
];
