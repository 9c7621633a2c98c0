import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobOf, shardMeta, sliceOf } from "../test-support/guest.ts";
import { bundleRuntime, type IsolateGuest, openIsolate } from "../test-support/isolate.ts";

let runtime = "";
const open: IsolateGuest[] = [];

beforeAll(async () => {
  runtime = await bundleRuntime();
});
afterAll(() => {
  for (const guest of open) guest.dispose();
});

/** An isolate whose map runs `body` for every record (a line); `before` runs when the module loads. */
function mapping(body: string, before = ""): IsolateGuest {
  const guest = openIsolate(
    runtime,
    `{ ${before}; return { kind: "map", title: "t", input: { type: "dataset", format: "lines" }, params: {}, map(line, ctx) { ${body} } }; }`,
  );
  open.push(guest);
  guest.load("k", shardMeta("lines", 2), "a\nb");
  return guest;
}

const request = (fuelMax = 1e6) =>
  ({ job: jobOf(), fuelMax, entry: "map", slice: sliceOf("k", 0, 2) }) as const;

/** The value of an expression inside, or the error that it ended with. */
function evaluate(expression: string, before = ""): unknown {
  const { header, text } = mapping(`return ${expression}`, before).run(request());
  return header.error ?? JSON.parse(text.split("\n")[0]!);
}

describe("a bundle in an isolate", () => {
  test("answers as in a process, text and bytes", () => {
    const guest = mapping("return [line, ctx.record, ctx.random() < 1]");
    expect(guest.describe()).toMatchObject({ kind: "map", title: "t" });
    expect(guest.run(request()).text).toBe('["a",0,true]\n["b",1,true]');
    const state = openIsolate(
      runtime,
      `({ kind: "iterate", title: "t", input: { type: "range" }, init: () => ({ a: new Float64Array([1]), name: "\\u00e9" }),
         map: () => 1, merge: (a, b) => a + b, step: (state) => ({ state, done: true }) })`,
    );
    open.push(state);
    const reply = state.run({ job: jobOf(), fuelMax: 10, entry: "init" });
    expect(reply.bytes.length % 8).toBe(0);
    const finished = state.run({ job: jobOf(), fuelMax: 10, entry: "finish" }, reply.bytes.buffer);
    expect(finished.text).toBe('{"a":[1],"name":"é"}');
  });

  test("a mapReduce counts words", () => {
    const guest = openIsolate(
      runtime,
      `({ kind: "mapReduce", title: "t", input: { type: "dataset", format: "lines" }, combine: true,
         map(line, emit) { for (const word of line.split(" ")) emit(word, 1); },
         reduce: (_key, values) => values.reduce((a, b) => a + b, 0) })`,
    );
    open.push(guest);
    guest.load("k", shardMeta("lines", 2), "b a\nb");
    const { text, header } = guest.run(request());
    expect(text).toBe('["b",2,"a",1]');
    expect(header.fuel).toBe(2 + 3 + 0);
  });
});

describe("what is absent", () => {
  test.each([
    ["Date.now()", "clock"],
    ["new Date()", "clock"],
    ["Date()", "clock"],
    ["Math.random()", "random()"],
    ['"a".localeCompare("b")', "locale"],
    ["(1.5).toLocaleString()", "locale"],
    ["setTimeout(() => {}, 1)", "synchronous"],
    ["queueMicrotask(() => {})", "synchronous"],
    ['fetch("http://x")', "network"],
    ['eval("1")', "text"],
    ['(0, eval)("1")', "text"],
    ['new Function("return 1")', "text"],
    ['Function("return 1")', "text"],
    ['(() => {}).constructor("return 1")()', "text"],
    ['(async () => {}).constructor("return 1")()', "text"],
    ['(function* () {}).constructor("return 1")()', "text"],
    ['(async function* () {}).constructor("return 1")()', "text"],
    ['Object.getPrototypeOf((async () => {}).constructor).constructor("return 1")', "text"],
    ['Reflect.construct(Function, ["return 1"])', "text"],
    ['[].map.constructor("return 1")()', "text"],
    ['ctx.random.constructor("return 1")()', "text"],
  ])("%s throws and says what to use", (expression, message) => {
    expect(evaluate(expression)).toMatchObject({
      code: "function-threw",
      message: expect.stringContaining(message) as unknown,
    });
  });

  test.each([
    "process",
    "require",
    "crypto",
    "performance",
    "Intl",
    "Atomics",
    "SharedArrayBuffer",
    "WebAssembly",
    "WeakRef",
    "FinalizationRegistry",
    "Buffer",
    "TextDecoder",
  ])("%s is not there, and its error has a hint", (name) => {
    expect(evaluate(`typeof ${name}`)).toBe("undefined");
    expect(evaluate(`${name}.x`)).toMatchObject({
      name: "ReferenceError",
      hint: expect.stringMatching(/./) as unknown,
    });
  });

  test("a constructor cannot be put back", () => {
    const before = `const F = (() => {}).constructor;
      try { Object.defineProperty(Object.getPrototypeOf(() => {}), "constructor", { value: 1 }); } catch {}
      try { Object.getPrototypeOf(() => {}).constructor = 1; } catch {}`;
    expect(evaluate("(() => {}).constructor === F", before)).toBe(true);
    expect(evaluate("(() => 1) instanceof Function")).toBe(true);
  });
});

describe("dates", () => {
  test.each([
    ['new Date("2020-01-02T03:04:05").toISOString()', "2020-01-02T03:04:05.000Z"],
    ['new Date("2020-01-02").getTime()', 1577923200000],
    ['new Date("2020-01-02T00:00:00+02:00").toISOString()', "2020-01-01T22:00:00.000Z"],
    ['new Date("Jan 2, 2020").toISOString()', "2020-01-02T00:00:00.000Z"],
    ["new Date(2020, 0, 2, 3).toISOString()", "2020-01-02T03:00:00.000Z"],
    ["new Date(2020, 0, 2, 3).getHours()", 3],
    ["new Date(new Date(5)).getTime()", 5],
    ["new Date(0).getTimezoneOffset()", 0],
    ["String(new Date(0))", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"],
    ["String(new Date(NaN))", "Invalid Date"],
    ["new Date(0)", "1970-01-01T00:00:00.000Z"],
    ["new Date(0) instanceof Date && new Date(0).constructor === Date", true],
    ["new (class Day extends Date { day() { return this.getDate(); } })(0).day()", 1],
  ])("%s is in UTC", (expression, expected) => {
    expect(evaluate(expression)).toBe(expected);
  });
});

describe("fuel for built-ins", () => {
  test.each([
    ["new Array(5000).fill(0).length", 5000],
    ['"x".repeat(5000).length', 5000],
    ['"x".padStart(5000).length', 5000],
    ["Array.from({ length: 5000 }).length", 5000],
    ["new Float64Array(5000).fill(1).length", 5000],
    ["new Float64Array(4096).sort().length", 4096 * 12],
    ["new Array(5000).join().length", 5000],
    ["[].concat(new Array(5000)).length", 5000],
    ["new Float64Array(5000).set(new Float64Array(5000))", 5000],
  ])("%s takes it by length", (expression, fuel) => {
    const { header } = mapping(`${expression}; return 1`).run(request());
    expect(header.error).toBeUndefined();
    expect(header.fuel).toBe(2 * (fuel + 1));
  });

  test("wrapped built-ins look and work like the originals", () => {
    expect(
      evaluate(
        "[[].fill.name, [].fill.length, 'prototype' in [].fill, [3, 1].sort(), [1].concat(2, [3])]",
      ),
    ).toEqual(["fill", 1, false, [1, 3], [1, 2, 3]]);
    expect(evaluate("[...'ab'.padEnd(3, '-')].join('')")).toBe("ab-");
    expect(evaluate("Array.from([1, 2], (x) => x * 2)")).toEqual([2, 4]);
    expect(evaluate("JSON.parse(JSON.stringify({ a: [1] }, null, 1))")).toEqual({ a: [1] });
    expect(evaluate("'a'.repeat(-1)")).toMatchObject({ name: "RangeError" });
  });

  test.each([
    ["a length that lies", "[].fill.call({ length: -1e15 })"],
    ["a length that is no number", "[].fill.call({ length: NaN }); [].fill.call({ length: '-5' })"],
    ["a Number that lies", "globalThis.Number = () => -1e9; 'x'.repeat(3)"],
    ["a Math that lies", "Math.ceil = Math.floor = Math.min = () => -1e9; [3, 2, 1].sort()"],
  ])("cannot be won back with %s", (_name, code) => {
    const { header } = mapping(`${code}; [].fill.call({ length: 1e7 }); return 1`).run(request());
    expect(header).toMatchObject({ fuel: 1e6, error: { code: "out-of-fuel" } });
  });
});

describe("decoding", () => {
  test("takes no fuel, so that what is resident does not show", () => {
    const numbers = new Float64Array([1, 2, 3, 4]).buffer;
    const guest = openIsolate(
      runtime,
      `({ kind: "map", title: "t", input: { type: "dataset", format: "matrix", columns: ["b"] }, uses: { table: { constant: {} } },
         map: (row, { uses }) => row[0] + uses.table.height + uses.table[3] })`,
    );
    open.push(guest);
    const meta = shardMeta("matrix", 2, { columns: ["a", "b"] });
    const job = jobOf({ uses: { table: "t" } });
    const run = () => guest.run({ ...request(), job });
    const load = () => {
      guest.load("k", meta, numbers);
      guest.load("t", { type: "dataset", shards: ["k"] }, "");
    };
    load();
    const [cold, warm] = [run(), run()];
    expect(cold).toMatchObject({ header: { fuel: 2 }, text: "7\n9" });
    expect(warm).toEqual(cold);
    guest.evict("k");
    guest.evict("t");
    load();
    expect(run()).toEqual(cold);
  });

  test.each([
    ["lines", JSON.stringify("a\nb"), 2],
    ["csv", JSON.stringify('a,b\n1,"x"'), 1],
    ["ndjson", "[1, 2, 3]", 3],
    ["matrix", "[[1, 2], [3, 4]]", 2],
    ["bytes", '"AQID"', 1],
  ])("takes no fuel for inline %s either", (format, input, records) => {
    const guest = openIsolate(
      runtime,
      `({ kind: "map", title: "t", input: { type: "dataset", format: "${format}" }, map: () => 1 })`,
    );
    open.push(guest);
    const invoke = { job: jobOf(), fuelMax: 1e6, entry: "invoke", roundsMax: 1 } as const;
    const reply = guest.run(invoke, input);
    expect(reply.header).toEqual({ fuel: records });
  });
});

describe("the meter", () => {
  test("out of fuel is sticky: metered catches rethrow it, and it ends the run", () => {
    const guest = mapping(`
      for (;;) { try { if (($runtime.meter[0] += 1000) > 0) throw $runtime.outOfFuel; } catch (e) { $runtime.caught(e); } }`);
    expect(guest.run(request())).toMatchObject({
      header: { fuel: 1e6, error: { code: "out-of-fuel", entry: "map", record: 0 } },
    });
  });

  test("swallowing it in unmetered ways does not help: the run ends as out of fuel", () => {
    const guest = mapping(`try { [].fill.call({ length: 1e9 }); } catch {} return 1`);
    expect(guest.run(request()).header.error?.code).toBe("out-of-fuel");
  });

  test("a caught stack overflow is not the author's to observe", () => {
    const guest = mapping(`
      const deep = () => { try { return deep() + 1; } catch (e) { $runtime.caught(e); return 0; } };
      return deep();`);
    expect(guest.run(request()).header.error?.code).toBe("stack-exhausted");
    // The next run starts anew.
    expect(mapping("return 1").run(request()).header.error).toBeUndefined();
  });

  test("between runs it is exhausted: what a run leaves behind cannot go on, and the host hears why", () => {
    const guest = mapping(`
      Promise.resolve().then(() => { if (($runtime.meter[0] += 1) > 0) throw $runtime.outOfFuel; globalThis.ran = true; });
      return typeof globalThis.ran`);
    for (let i = 0; i < 2; i++) {
      expect(() => guest.run(request())).toThrow("left work behind");
      expect(guest.evaluate("typeof globalThis.ran")).toBe("undefined");
    }
  });

  test("an async entry that throws is refused as asynchronous, and nothing else", () => {
    const guest = mapping(`return (async () => { throw new Error("lost"); })()`);
    expect(guest.run(request()).header.error).toMatchObject({
      code: "bad-output",
      hint: "functions are synchronous: remove async",
    });
  });

  test("a module that uses up its start budget ends as out of fuel", () => {
    const load = `for (;;) { try { if (($runtime.meter[0] += 1e6) > 0) throw $runtime.outOfFuel; } catch (e) { $runtime.caught(e); } }`;
    expect(() => mapping("return 1", load)).toThrow("The function used up its fuel");
  });
});

describe("a hostile author", () => {
  const honest = (before: string): void => {
    const { header, text } = mapping("return [line, 1]", before).run(request());
    expect(header).toEqual({ fuel: 2 });
    expect(text).toBe('["a",1]\n["b",1]');
  };

  test.each([
    ["JSON", "JSON.stringify = () => 'x'; JSON.parse = () => ({ fuelMax: 1e300 })"],
    [
      "Object.keys and freeze",
      "Object.keys = () => ['x']; Object.freeze = () => 0; Object.defineProperty = () => 0",
    ],
    [
      "String.prototype",
      "String.prototype.split = String.prototype.charCodeAt = String.prototype.substring = () => 'x'",
    ],
    ["Math", "Math.imul = Math.floor = Math.min = () => 7"],
    ["Map", "Map.prototype.get = Map.prototype.set = () => 7; globalThis.Map = class {}"],
    ["toJSON", "String.prototype.toJSON = Number.prototype.toJSON = () => 'x'"],
  ])("patches %s, and the reply is as before", (_name, before) => {
    honest(before);
  });

  test("cannot put new properties on the prototypes of all objects and arrays", () => {
    const tries = `let refused = 0;
      for (const object of [Object.prototype, Array.prototype])
        for (const key of ["toJSON", "0", "get", "slice2"])
          try { Object.defineProperty(object, key, { set() {}, get: () => 1, configurable: true }); } catch { refused++; }
      try { Object.setPrototypeOf(Array.prototype, {}); } catch { refused++; }`;
    expect(evaluate("refused", tries)).toBe(9);
    expect(
      evaluate("(() => { try { ({}).__proto__.polluted = 1; } catch (e) { return e.name; } })()"),
    ).toBe("TypeError");
  });

  test("cannot lie about lengths in the header of partials", () => {
    const before = `try { Object.defineProperty(Uint8Array.prototype, "length", { get: () => 1e9 }); } catch {}
      try { Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), "byteLength", { get: () => 1e9 }); } catch {}`;
    const guest = openIsolate(
      runtime,
      `{ ${before}; return { kind: "iterate", title: "t", input: { type: "range" }, init: () => 0,
        map: () => new Float64Array(2), merge: (a, b) => a, step: (state) => ({ state, done: true }) }; }`,
    );
    open.push(guest);
    const state = guest.run({ job: jobOf(), fuelMax: 1e6, entry: "init" }).bytes.buffer;
    const slices = [sliceOf(undefined, 0, 1)];
    const reply = guest.run(
      { job: jobOf(), fuelMax: 1e6, entry: "map", slices, leaves: 1, round: 1 },
      state,
    );
    expect(reply.header.error).toBeUndefined();
    expect(reply.header.partials![0]!.bytes).toBe(reply.bytes.length);
  });

  test("cannot change what stacks say", () => {
    const before = `Error.prepareStackTrace = () => "forged"; try { Error.stackTraceLimit = 0; } catch {}
      const original = Error; globalThis.Error = class {};`;
    const { header } = mapping("throw new original('x')", before).run(request());
    expect(header.error?.stack).toMatch(/bundle\.js:\d+:\d+/);
  });

  test("finds nothing of the host among its globals", () => {
    const names = mapping("return Object.getOwnPropertyNames(globalThis)").run(request()).text;
    expect(names).not.toMatch(/isolate|ivm|process|require|global"/);
  });

  test("gets nothing to keep: contexts are frozen, parameters too", () => {
    expect(
      evaluate("Object.isFrozen(ctx) && Object.isFrozen(ctx.params) && Object.isFrozen(ctx.shard)"),
    ).toBe(true);
  });
});

test("console lines are collected, bounded, for each run", () => {
  const guest = mapping(`
    for (let i = 0; i < 30; i++) console.log("line", i, { a: 1 }, "x".repeat(line === "a" && i === 1 ? 1000 : 0));
    return 1`);
  const { logs } = guest.run(request()).header;
  expect(logs![0]).toBe('line 0 {"a":1} ');
  expect(logs![1]).toHaveLength(400);
  expect(logs).toHaveLength(21);
  expect(logs!.at(-1)).toBe("40 more lines were left out");
  expect(guest.run(request()).header.logs).toHaveLength(21);
});
