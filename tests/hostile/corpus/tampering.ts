import type { HostileCase } from "../case.ts";

/** Attempts on the runtime that shares the isolate: its meter, its reply, the built-ins it uses. */
export const tampering: readonly HostileCase[] = [
  {
    name: "JSON.stringify replaced, to forge a reply's header",
    attack: `JSON.stringify = () => '{"fuel":0}\\n"forged"'; return "real"`,
    outcome: { gives: ["real"] },
  },
  {
    name: "JSON.parse replaced, to forge the next request",
    attack: `JSON.parse = () => ({ fuelMax: Infinity }); return "real"`,
    outcome: { gives: ["real"] },
  },
  {
    name: "methods of Array.prototype replaced",
    attack: `for (const name of ["push", "join", "map", "slice", "forEach", "concat", "sort"])
        Array.prototype[name] = () => "forged";
      return "real"`,
    outcome: { gives: ["real"] },
  },
  {
    name: "methods of Map.prototype replaced, to reach resident blobs",
    attack: `let stolen = []; for (const name of ["get", "set", "has", "delete"])
        Map.prototype[name] = function (...args) { stolen.push(this, args); return undefined };
      return stolen.length`,
    outcome: { gives: [0] },
  },
  {
    name: "the iterator of arrays replaced",
    attack: `Array.prototype[Symbol.iterator] = function* () { yield "forged" }; return ["real"]`,
    outcome: { gives: [["real"]] },
  },
  {
    name: "string methods replaced",
    attack: `String.prototype.charCodeAt = () => 0; String.prototype.split = () => ["forged"];
      String.prototype.slice = () => "forged"; return "real"`,
    outcome: { gives: ["real"] },
  },
  {
    name: "Function.prototype.call and apply replaced",
    attack: `Function.prototype.call = Function.prototype.apply = () => "forged"; return "real"`,
    outcome: { gives: ["real"] },
  },
  {
    name: "Object.prototype with a toJSON",
    attack: `Object.prototype.toJSON = () => "forged"; return { real: true }`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "Object.prototype with a setter that catches the header",
    attack: `Object.defineProperty(Object.prototype, "fuel", { set() { throw 1 }, get: () => 0 }); return 1`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "String.prototype with a toJSON",
    attack: `String.prototype.toJSON = () => "forged"; return ["real"]`,
    outcome: { gives: [["real"]] },
  },
  {
    name: "a prototype set by __proto__ in data",
    attack: `const value = JSON.parse('{"__proto__":{"polluted":true}}');
      Object.assign({}, value); return [({}).polluted === undefined, Object.keys(value)]`,
    outcome: { gives: [[true, ["__proto__"]]] },
  },
  {
    name: "__proto__ of a literal, polluted",
    attack: `({}).__proto__.polluted = true; return ({}).polluted`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "the meter by its name",
    attack: `return typeof $meter + typeof meter + typeof $runtime + typeof outOfFuel`,
    outcome: { gives: ["undefinedundefinedundefinedundefined"] },
  },
  {
    name: "the meter assigned",
    attack: `$runtime.meter[0] = -1e300; for (;;);`,
    fuelMax: 1e7,
    outcome: { fails: ["function-threw", "out-of-fuel"] },
  },
  {
    name: "the meter through Float64Array.prototype",
    attack: `Float64Array.prototype.fill = function () { this[0] = -1e300 };
      Object.setPrototypeOf(Float64Array.prototype, null);
      for (;;);`,
    fuelMax: 1e7,
    outcome: { fails: ["out-of-fuel", "function-threw"] },
  },
  {
    name: "the meter by the name that it usually has in metered code",
    attack: `$f_m[0] = -1e300; for (;;);`,
    fuelMax: 1e7,
    outcome: { fails: "function-threw", message: "$f_m is not defined" },
  },
  {
    name: "the meter by a name read from a function's own text, spelled with an escape",
    attack: `\\u0024f_m[0] = -1e300; for (;;);`,
    fuelMax: 1e7,
    outcome: { fails: "function-threw", message: "is not defined" },
  },
  {
    name: "the meter declared by the author",
    attack: `var $f_m = [-1e300], $f_out = null; for (;;);`,
    fuelMax: 1e7,
    outcome: { fails: "out-of-fuel" },
  },
  {
    name: "globals that the runtime needs, replaced",
    attack: `for (const name of Object.getOwnPropertyNames(globalThis)) {
        try { globalThis[name] = () => { throw "forged" } } catch {}
      }
      return "real"`,
    outcome: { gives: ["real"] },
  },
  {
    name: "the global object frozen",
    attack: `Object.freeze(globalThis); Object.freeze(Math); return "real"`,
    outcome: { gives: ["real"] },
  },
  {
    name: "every built-in prototype emptied",
    attack: `const owners = [Map, Set, String, Number, Object, RegExp, Promise, Date, ArrayBuffer, Uint8Array, DataView, Array];
      const { ownKeys } = Reflect;
      for (let i = 0; i < owners.length; i++) {
        const keys = ownKeys(owners[i].prototype);
        for (let k = 0; k < keys.length; k++) { try { delete owners[i].prototype[keys[k]] } catch {} }
      }
      return ["real", 1.5]`,
    outcome: { gives: [["real", 1.5]] },
  },
  {
    name: "a global named as the runtime's",
    attack: `globalThis.$runtime = { meter: [0], caught() {} }; globalThis.$definition = null; for (;;);`,
    fuelMax: 1e7,
    outcome: { fails: "out-of-fuel" },
  },
  {
    name: "source text that closes the bundle's wrapper",
    source: `import { items, map } from "sparegrid";
export default map({ title: "x", input: items(), map: (r) => r });
})(); globalThis.process; (() => {`,
    outcome: { refused: "syntax-error" },
  },
  {
    name: "a source map comment and a line separator in a string",
    attack: `return "\\u2028*/ }; process.exit() //# sourceMappingURL=file:///etc/passwd"`,
    outcome: {
      gives: ["\u2028*/ }; process.exit() //# sourceMappingURL=file:///etc/passwd"],
    },
  },
  {
    name: "line ends in an output, to forge another record's",
    attack: `return "a\\n{\\"forged\\":true}\\n"`,
    outcome: { gives: ['a\n{"forged":true}\n'] },
  },
  {
    name: "half a surrogate in an output",
    attack: `return "\\ud800"`,
    outcome: { gives: ["\ud800"] },
  },
  {
    name: "huge output",
    attack: `const part = "x".repeat(1e6); return Array.from({ length: 40 }, () => part)`,
    memoryMb: 256,
    outcome: { fails: "output-too-large" },
  },
  {
    name: "huge logs",
    attack: `for (let i = 0; i < 1e5; i++) console.log("x".repeat(1000), record); return "logged"`,
    outcome: { gives: ["logged"] },
  },
  {
    name: "a log of what cannot be shown",
    attack: `console.log(new Proxy({}, { ownKeys() { throw 1 }, get() { throw 2 } }), Symbol("s"), () => {});
      return "logged"`,
    outcome: { gives: ["logged"] },
  },
  {
    name: "the context changed for the next record",
    attack: `try { ctx.params.forged = 1 } catch {} try { ctx.random = () => 0 } catch {} return typeof ctx.random()`,
    outcome: { gives: ["number"] },
  },
  {
    name: "not a number where a count is expected",
    attack: `return [NaN, Infinity, -0, undefined]`,
    outcome: { gives: [[null, null, 0, null]] },
  },
];
