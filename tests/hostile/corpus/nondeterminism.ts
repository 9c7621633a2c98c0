import type { HostileCase } from "../case.ts";

const absent = (name: string): HostileCase["outcome"] => ({
  fails: "function-threw",
  message: `${name} is not defined`,
});

/** What would differ between machines or runs, or tell the time. */
export const nondeterminism: readonly HostileCase[] = [
  { name: "Date.now", attack: "return Date.now()", outcome: { fails: "function-threw" } },
  {
    name: "new Date()",
    attack: "return new Date().getTime()",
    outcome: { fails: "function-threw" },
  },
  { name: "Date()", attack: "return Date()", outcome: { fails: "function-threw" } },
  {
    name: "the local time zone",
    attack:
      "const date = new Date(0); return [date.getTimezoneOffset(), date.getHours(), String(date)]",
    outcome: { gives: [[0, 0, "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"]] },
  },
  {
    name: "Math.random",
    attack: "return Math.random()",
    outcome: { fails: "function-threw", message: "random()" },
  },
  { name: "performance", attack: "return performance.now()", outcome: absent("performance") },
  { name: "crypto", attack: "return crypto.randomUUID()", outcome: absent("crypto") },
  { name: "WeakRef", attack: "return new WeakRef({}).deref()", outcome: absent("WeakRef") },
  {
    name: "FinalizationRegistry",
    attack: "new FinalizationRegistry(() => {}).register({}, 1); return 1",
    outcome: absent("FinalizationRegistry"),
  },
  {
    name: "Intl",
    attack: "return new Intl.DateTimeFormat().resolvedOptions().timeZone",
    outcome: absent("Intl"),
  },
  {
    name: "a locale by way of a number",
    attack: "return (1234.5).toLocaleString()",
    outcome: { fails: "function-threw", message: "locale" },
  },
  {
    name: "a timer of a SharedArrayBuffer",
    attack: "return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)",
    outcome: { fails: "function-threw" },
  },
  {
    name: "a SharedArrayBuffer by the constructor of WebAssembly's",
    attack:
      "return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer.constructor.name",
    outcome: { fails: "function-threw" },
  },
  {
    name: "setTimeout",
    attack: "setTimeout(() => {}, 0); return 1",
    outcome: { fails: "function-threw" },
  },
  {
    name: "a stack, whose depth depends on the compiler",
    attack: "Error.stackTraceLimit = Infinity; return new Error().stack.includes('/')",
    outcome: { fails: "function-threw" },
  },
  {
    name: "a counter in the module",
    source: `import { items, map } from "sparegrid";
let count = 0;
export default map({ title: "Counter", input: items(), map: (record: unknown) => { count += 1; return [record, count]; } });`,
    outcome: { refused: "impure-function" },
  },
  {
    name: "a cache that changes the fuel",
    source: `import { items, map } from "sparegrid";
let table: number[] | undefined;
export default map({ title: "Cache", input: items(), map(record: unknown) {
  if (!table) { table = []; for (let i = 0; i < 1000; i++) table.push(i); }
  return table.length;
} });`,
    outcome: { refused: "impure-function" },
  },
];
