import { expect, test } from "vitest";
import { compileMetered, runPlain } from "./harness.ts";
import { randomProgram } from "./random-program.ts";
import { meterModule } from "./transform.ts";

const programs: Record<string, { source: string; fuel: number }> = {
  "a counted loop": {
    source: "let s = 0; for (let i = 0; i < 10; i++) s += i; return s;",
    fuel: 10,
  },
  "a counted nest": {
    source:
      "function f(n, m) { let s = 0; for (let i = 0; i < n; i++) for (let j = 1; j <= m; j += 2) s += i * j; return s; } return f(3, 6);",
    fuel: 1 + 3 + 3 * 3,
  },
  "a triangle": {
    source:
      "const n = 5; let s = 0; for (let i = 0; i < n; i++) for (let j = i; j < n; j++) s++; return s;",
    fuel: 5 + 15,
  },
  "a loop that counts down": {
    source: "let s = 0; for (let i = 9; i >= 0; i -= 3) s += i; return s;",
    fuel: 4,
  },
  "an empty range": { source: "let s = 0; for (let i = 5; i < 2; i++) s++; return s;", fuel: 0 },
  "bounds that are no numbers": {
    source:
      'let s = 0; for (const n of [3n, "3", null, undefined, NaN, true, { valueOf: () => 2 }, [2]]) for (let i = 0; i < n; i++) s++; return s;',
    fuel: 8 + 3 + 3 + 0 + 0 + 0 + 1 + 2 + 2 + 1,
  },
  "a growing array": {
    source: "const a = [1]; for (let i = 0; i < a.length; i++) if (i < 5) a.push(i); return a;",
    fuel: 6,
  },
  "an array that grows by index": {
    source:
      "const a = [1]; for (let i = 0; i < a.length; i++) if (i < 5) a[a.length] = i; return a;",
    fuel: 6,
  },
  "a bound that the body writes": {
    source: "let n = 3, s = 0; for (let i = 0; i < n; i++) { if (n < 6) n++; s++; } return s;",
    fuel: 6,
  },
  "a variable that a getter writes": {
    source:
      "let i = 0; const o = { get x() { if (i < 3) i++; return 1; } }; let s = 0; for (i = 0; i < 9; i++) s += o.x; return s;",
    fuel: 7 + 7,
  },
  "an early exit": {
    source: "let s = 0; for (let i = 0; i < 100; i++) { if (i === 4) break; s++; } return s;",
    fuel: 5,
  },
  "a return from a nest": {
    source:
      "function f() { for (let i = 0; ; i++) for (const j of [1, 2]) if (i === 3) return i; } return f();",
    fuel: 1 + 4 + 7,
  },
  "continue to an outer loop": {
    source:
      "let s = 0; outer: for (let i = 0; i < 4; i++) { for (let j = 0; j < 4; j++) { if (j === 2) continue outer; s++; } } return s;",
    fuel: 4 + 12,
  },
  "a jump that finally turns around": {
    source:
      "let n = 0; function f() { while (n < 5) { try { n++; return n; } finally { if (n < 5) continue; } } } return f();",
    fuel: 1 + 5,
  },
  "closures that capture the loop variable": {
    source:
      "const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); return fs.map((f) => f());",
    fuel: 3 + 3 + 3,
  },
  "functions of every kind": {
    source: `class A { #p = 2; z = 1; static s = 3; static { A.t = 4; } get g() { return this.#p; } set g(v) { this.#p = v; } m() { return 1; } static n() { return 2; } }
      class B extends A { constructor() { super(); this.h = (() => ({ o: 1 }))(); } }
      const b = new B(); b.g = 5; const gen = function* () { yield 1; yield 2; };
      return [b.g, b.m(), B.n(), A.s, A.t, b.h, b.z, [...gen()], A.name, (() => {}).name, b.m.name];`,
    fuel: 1 + 1 + 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1,
  },
  "names of functions in fields": {
    source:
      "class A { f = () => 1; g = function () {}; k = class {}; } const a = new A(); return [a.f.name, a.g.name, a.k.name];",
    fuel: 0,
  },
  "catch in all its forms": {
    source: `const out = []; try { null.x; } catch { out.push(1); }
      try { throw { a: 1, b: [2, 3] }; } catch ({ a, b: [, c], d = () => 9 }) { out.push(a, c, d()); }
      try { try { throw new Error("x"); } finally { out.push("f"); } } catch (e) { out.push(e.message); } finally { out.push("g"); }
      return out;`,
    fuel: 1,
  },
  "statements without braces": {
    source:
      "let s = 0; if (s) for (;;) s++; else for (const x of [1, 2]) s += x; while (s < 5) s++; do s++; while (s < 8); return s;",
    fuel: 2 + 2 + 3,
  },
  "arrows that return objects and sequences": {
    source:
      "const f = () => ({ a: 1 }); const g = (x) => (x, x + 1); const h = async () => {}; h(); return [f(), g(1)];",
    fuel: 3,
  },
  "directives stay first": {
    source: 'function f() { "use strict"; return this === undefined; } return f();',
    fuel: 1,
  },
};

test.for(Object.entries(programs))("%s: same result, exact fuel", ([, { source, fuel }]) => {
  const run = compileMetered(source);
  const first = run();
  expect(first.result).toBe(runPlain(source));
  expect(first.fuel).toBe(fuel);
  expect(run().fuel).toBe(fuel);
});

test("metered random programs give what they give unmetered, and fuel is what they count", () => {
  const base = Number(process.env.SEED ?? Date.now() % 1e9);
  for (let n = 0; n < 400; n++) {
    const seed = base + n;
    const throws = n % 2 === 1;
    const source = randomProgram({ seed, throws });
    const expected = runPlain(source);
    const { result, fuel } = compileMetered(source)();
    expect(result, `SEED=${seed} throws=${throws}\n${source}`).toBe(expected);
    if (!throws && result.startsWith("["))
      expect(fuel, `SEED=${seed}\n${source}`).toBe((JSON.parse(result) as number[])[0]);
  }
});

test("fuel is the same in every tier of the JIT", () => {
  const source = `function d(x, y) { let s = 0; for (let i = 0; i < x.length; i++) { const t = x[i] - y[i]; s += t * t; } return s; }
    function g(n) { let k = 0; while (n !== 1) { n = n % 2 ? 3 * n + 1 : n / 2; if (k++ > 40) return -1; } return k; }
    let s = 0; for (let i = 1; i < 30; i++) { s += g(i); try { if (i % 7 === 0) null.x; } catch { s++; } }
    return s + d([1, 2, 3], [3, 2, 1]) + [1, 2, 3].map((x) => x * 2).length;`;
  const run = compileMetered(source);
  const first = run();
  for (let n = 0; n < 10_000; n++) {
    const { fuel, result } = run();
    if (fuel !== first.fuel || result !== first.result) expect(fuel, `run ${n}`).toBe(first.fuel);
  }
  expect(first.result).toBe(runPlain(source));
});

const endless: Record<string, string> = {
  for: "for (;;);",
  while: "while (true) {}",
  "do-while": "do {} while (true);",
  "a counted loop without end": "let s = 0; for (let i = 0; i < Infinity; i++) s++; return s;",
  "a bound beyond 2^53": "for (let i = 0, n = 1e300; i < n; i++);",
  "a counter that cannot step": "const a = 2 ** 53; for (let i = a; i < a + 2; i++);",
  "try, catch and finally": "for (;;) { try { for (;;) {} } catch {} finally { continue; } }",
  "finally alone":
    "function f() { for (;;) { try { return 1; } finally { continue; } } } return f();",
  "catch around calls": "const f = () => { throw 1; }; for (;;) { try { f(); } catch {} }",
  "a generator": "function* g() { while (true) yield 1; } for (const x of g()) {}",
  "a generator in a spread": "function* g() { while (true) yield 1; } return new Set(g()).size;",
  "an abandoned generator":
    "function* g() { for (;;) { for (let i = 0; i < 1000; i++) {} yield 1; } } for (;;) g().next();",
  "mutual recursion in a loop": "let n = 0; const f = (x) => (x ? f(x - 1) : 0); for (;;) f(50);",
  "exponential recursion": "const f = (n) => (n ? f(n - 1) + f(n - 1) : 1); return f(60);",
  "exponential fields":
    "let d = 0; class A { x = d++ < 40 ? [new A(), new A()] : 0; y = d--; } new A();",
  "a getter": "const o = { get x() { return 1; } }; for (;;) o.x;",
  "labelled continue": "a: for (;;) { b: for (;;) { continue a; } }",
  "a Proxy trap": "const p = new Proxy({}, { get: () => 1 }); while (p.x) {}",
  "Symbol.iterator":
    "const i = { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }) }) }; for (const x of i) {}",
  "array callbacks": "const a = [1]; a.forEach(function f() { for (;;) a.forEach(() => {}); });",
  "a growing forEach": "const s = new Set([0]); s.forEach((x) => { s.delete(x); s.add(x + 1); });",
  "a sort comparator": "[3, 1, 2].sort(() => { for (;;); });",
  "a switch in a loop": "for (let i = 0; ; ) { switch (i) { case 0: continue; default: break; } }",
  "a static block": "class A { static { for (;;); } }",
  "a default parameter": "const f = (x = (() => { for (;;); })()) => x; f();",
  toString: "const o = { toString() { for (;;); } }; return 1 + o;",
  "an async function": "async function f() { for (;;) {} } f().catch(Boolean); return 1;",
};

test.for(Object.entries(endless))("%s stops, at the same place each time", ([, source]) => {
  const run = compileMetered(source);
  const first = run(3_000_000);
  expect(first.stopped).toBe("out-of-fuel");
  expect(first.fuel).toBe(3_000_000);
});

test("a stack overflow cannot be observed", () => {
  const swallowed = {
    catch: "let d = 0; const f = () => { d++; f(); }; try { f(); } catch {} return d;",
    finally:
      "let d = 0; const f = () => { d++; f(); }; const g = () => { try { f(); } finally { return d; } }; return g();",
    "catch in every frame":
      "let d = 0; const f = () => { d++; try { f(); } catch {} }; f(); return d;",
    constructor:
      "let d = 0; class A { constructor() { d++; new A(); } } try { new A(); } catch {} return d;",
  };
  for (const [name, source] of Object.entries(swallowed))
    expect(compileMetered(source)().stopped, name).toBe("stack-exhausted");
});

test("a stack overflow in a promise ends the task too", () => {
  const source =
    "let d = 0; async function f() { d++; f().catch(Boolean); } f().catch(Boolean); return d;";
  expect(compileMetered(source)().stopped).toBeDefined();
});

test("an object as a bound is read once, so that it cannot run away", () => {
  const ends = [
    "const a = [1]; let s = 0; for (let i = 0; i < a; i++) { a[0] = i + 2; s++; } return s;",
    "let k = 0, s = 0; const o = { valueOf: () => (k++ === 0 ? 1 : -1e15) }; for (let i = o; i < 2; i++) s++; return s;",
  ];
  for (const source of ends) expect(compileMetered(source)(1000).result).toBe("1");
});

test("a function is stopped close to its limit, and never below what it needs", () => {
  const source = "let s = 0; for (const x of new Array(5000)) { s++; } return s;";
  const run = compileMetered(source);
  expect(run(5000).stopped).toBeUndefined();
  expect(run(4999).stopped).toBe("out-of-fuel");
});

test("an exception pays for the iterations before it", () => {
  const source =
    "let s = 0; for (let k = 0; k < 10; k++) { try { for (const x of [1, 2, 3, null]) { for (const y of [1]) s += x.a === undefined ? 1 : 0; } } catch {} } return s;";
  const { fuel } = compileMetered(source)();
  expect(fuel).toBeGreaterThanOrEqual(10 + 10 * 8);
});

test("the author cannot name what metering uses", () => {
  for (const forged of ["$f_m", "$\\u0066_m", "\\u{24}f_m"]) {
    const { names } = meterModule(`const ${forged} = [0]; return 1;`);
    expect(names.meter).toBe("$f1_m");
  }
});

test("forbidden syntax is refused where it stands", () => {
  const refused = {
    "1; eval('1')": 3,
    "new Function('1')": 0,
    "a; import('x')": 3,
    "debugger;": 0,
    "await 1;": 0,
    "for await (const x of []);": 0,
  };
  for (const [source, at] of Object.entries(refused)) {
    let refusal: unknown;
    try {
      meterModule(source);
    } catch (error) {
      refusal = (error as { refusal?: unknown }).refusal;
    }
    expect(refusal, source).toMatchObject({ at });
  }
  expect(() => meterModule("const o = { eval: 1 }; o.eval; typeof Function;")).not.toThrow();
});

test("the map leads from metered code to the source", async () => {
  const { originalPositionFor, TraceMap } = await import("@jridgewell/trace-mapping");
  const source =
    "for (let i = 0; i < 3; i++) {\n  const marker = [i];\n}\nconst f = () => second();";
  const { code, map } = meterModule(source);
  for (const word of ["marker", "second"]) {
    const lines = code.split("\n");
    const line = lines.findIndex((text) => text.includes(word));
    const found = originalPositionFor(new TraceMap(JSON.stringify(map)), {
      line: line + 1,
      column: lines[line]!.indexOf(word),
    });
    const expectedLine = source.split("\n").findIndex((text) => text.includes(word));
    expect(found).toMatchObject({
      line: expectedLine + 1,
      column: source.split("\n")[expectedLine]!.indexOf(word),
    });
  }
});
