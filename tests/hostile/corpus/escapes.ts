import type { HostileCase } from "../case.ts";

const noCode = { fails: "function-threw", message: "code cannot be made from text" } as const;

/** Ways from a value to the code or the objects of the host. */
export const escapes: readonly HostileCase[] = [
  {
    name: "the constructor of a function",
    attack: `return (() => {}).constructor("return process")().env`,
    outcome: noCode,
  },
  {
    name: "the constructor of a generator function",
    attack: `return (function* () {}).constructor("yield process")().next()`,
    outcome: noCode,
  },
  {
    name: "the constructor of an async function",
    attack: `return (async () => {}).constructor("return process")()`,
    outcome: noCode,
  },
  {
    name: "indirect eval",
    attack: `return (0, eval)("typeof process")`,
    outcome: { refused: "forbidden-syntax" },
  },
  {
    name: "eval by a computed name",
    attack: `return globalThis["ev" + "al"]("typeof process")`,
    outcome: noCode,
  },
  {
    name: "new Function by a computed name",
    attack: `return new globalThis["Func" + "tion"]("return process")()`,
    outcome: noCode,
  },
  {
    name: "Function by Reflect.construct",
    attack: `return Reflect.construct(Object.getPrototypeOf(() => {}).constructor, ["return this"])()`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "a species constructor that leads to Function",
    attack: `const list = [1]; list.constructor = { [Symbol.species]: list.map.constructor };
      return list.map(() => "return process")`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "the host behind an error's prepareStackTrace",
    attack: `Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getThis && String(site.getThis()));
      return typeof new Error("x").stack`,
    outcome: { gives: ["string"] },
  },
  {
    name: "the host behind the call sites of a stack overflow",
    attack: `Error.prepareStackTrace = (_, sites) => sites.at(-1).getFunction().constructor("return process")();
      const deeper = () => deeper() + 1;
      try { deeper(); } catch (error) { return String(error.stack.mainModule); }`,
    outcome: { fails: "stack-exhausted" },
  },
  {
    name: "the caller of a function",
    attack: `function sloppy() { return sloppy.caller } return String(sloppy())`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "arguments.callee",
    attack: `return (function () { return arguments.callee.caller })()`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "the global object by a plain call",
    attack: `return typeof (function () { return this })()`,
    outcome: { gives: ["undefined"] },
  },
  {
    name: "Symbol.hasInstance on what the runtime might ask about",
    attack: `class Trap { static [Symbol.hasInstance](value) { throw value } }
      return ({}) instanceof Trap`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "Symbol.hasInstance of Error",
    attack: `Object.defineProperty(Error, Symbol.hasInstance, { value: () => { for (;;); } });
      throw { message: "not an error" }`,
    fuelMax: 1e7,
    outcome: { fails: ["function-threw", "out-of-fuel"] },
  },
  {
    name: "a getter on the returned value that never ends",
    attack: `return { get value() { for (;;); } }`,
    fuelMax: 1e7,
    outcome: { fails: "out-of-fuel" },
  },
  {
    name: "a getter on the returned value that throws",
    attack: `return { get value() { throw new TypeError("from the getter") } }`,
    outcome: { fails: "function-threw", message: "from the getter" },
  },
  {
    name: "a Proxy as the returned value",
    attack: `return new Proxy({}, { ownKeys() { throw new Error("from the trap") } })`,
    outcome: { fails: ["function-threw", "bad-output"] },
  },
  {
    name: "toJSON on the returned value that never ends",
    attack: `return { toJSON() { for (;;); } }`,
    fuelMax: 1e7,
    outcome: { fails: "out-of-fuel" },
  },
  {
    name: "toJSON that returns a function",
    attack: `return { toJSON: () => () => 1 }`,
    outcome: { fails: "bad-output" },
  },
  {
    name: "a returned function",
    attack: `return () => record`,
    outcome: { fails: "bad-output" },
  },
  {
    name: "a returned promise that resolves later",
    attack: `return Promise.resolve(1)`,
    outcome: { fails: "bad-output" },
  },
  {
    name: "a thenable that would run as a microtask of the host",
    attack: `return { then(resolve) { resolve(1) } }`,
    // Its function is left out, as by JSON.stringify, and nobody calls it.
    outcome: { gives: [{}] },
  },
  {
    name: "a value that contains itself",
    attack: `const value = {}; value.value = value; return value`,
    outcome: { fails: ["bad-output", "function-threw"] },
  },
  {
    name: "a thrown Proxy whose traps never end",
    attack: `throw new Proxy(new Error("x"), { get() { for (;;); }, getPrototypeOf() { for (;;); } })`,
    fuelMax: 1e7,
    outcome: { fails: ["out-of-fuel", "function-threw"] },
  },
  {
    name: "a thrown error whose getters throw",
    attack: `throw Object.defineProperties(new Error(), {
      name: { get() { throw 1 } }, message: { get() { throw 2 } }, stack: { get() { throw 3 } } })`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "a thrown error that forges another's code",
    attack: `throw Object.assign(new Error("forged"), { code: "internal", name: "HostFault", fatal: true })`,
    outcome: { fails: "function-threw", message: "forged" },
  },
  {
    name: "a thrown error with the sandbox's own message for a timeout",
    attack: `throw new Error("Script execution timed out.")`,
    outcome: { fails: "function-threw", message: "Script execution timed out." },
  },
  {
    name: "thrown nothing",
    attack: `throw undefined`,
    outcome: { fails: "function-threw" },
  },
];
