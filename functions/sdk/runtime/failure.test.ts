import { describe, expect, test } from "vitest";
import { guestOf, shardMeta, sliceOf } from "../test-support/guest.ts";

const mapping = (map: unknown): object => ({
  kind: "map",
  title: "t",
  input: { type: "dataset", format: "lines" },
  map,
});

function errorOf(map: unknown) {
  const guest = guestOf(mapping(map));
  guest.load("k", shardMeta("lines", 3), "a\nb\nc");
  const slice = sliceOf("k", 0, 3, { task: 4, shard: 2, record: 70 });
  return guest.run({ entry: "map", slice } as never).header.error;
}

describe("errors of the author's code", () => {
  test("say where: entry, task, shard, dataset record, and the stack", () => {
    const error = errorOf((line: string) => {
      if (line === "b") throw new RangeError("bad b");
    });
    // The first record already gives no output.
    expect(error).toMatchObject({ code: "bad-output", record: 70 });
    const thrown = errorOf((line: string) => {
      if (line === "b") throw new RangeError("bad b");
      return 1;
    });
    expect(thrown).toMatchObject({
      code: "function-threw",
      name: "RangeError",
      message: "bad b",
      entry: "map",
      task: 4,
      shard: 2,
      record: 71,
    });
    expect(thrown?.stack).toContain("failure.test.ts");
  });

  const hostile = {
    get name(): string {
      throw new Error("no name");
    },
    toString() {
      throw new Error("no text");
    },
    toJSON() {
      throw new Error("no JSON");
    },
  };
  const lying = new Error("x");
  Object.defineProperty(lying, "message", { get: () => ({ toString: () => "object" }) });
  Object.defineProperty(lying, "stack", {
    get() {
      throw new Error("no stack");
    },
  });
  const trapped = new Proxy(new Error("x"), {
    get() {
      throw new Error("trap");
    },
    getPrototypeOf() {
      throw new Error("trap");
    },
  });
  test.each([
    ["a string", "oops", "oops"],
    ["a number", 5, "5"],
    ["undefined", undefined, "undefined"],
    ["a symbol", Symbol("s"), "[symbol]"],
    ["an object", { a: 1 }, '{"a":1}'],
    ["an object that throws at every touch", hostile, "[object]"],
    ["an error whose properties lie", lying, "Error: object"],
    ["a proxy whose traps throw", trapped, "[object]"],
    ["null without a prototype", Object.create(null), "{}"],
  ])("may throw %s", (_name, thrown, message) => {
    const error = errorOf(() => {
      throw thrown;
    });
    expect(error).toMatchObject({ code: "function-threw", message, record: 70 });
  });

  test("have bounded texts, and survive lone surrogates", () => {
    const error = errorOf(() => {
      throw new Error(`\ud800${"x".repeat(100_000)}`);
    });
    expect(error!.message).toHaveLength(2000);
    expect(error!.stack!.length).toBeLessThanOrEqual(8000);
  });

  test("name what is absent and what to use instead", () => {
    const error = errorOf(() => {
      throw new ReferenceError("process is not defined");
    });
    expect(error?.hint).toContain("params");
    const other = errorOf(() => {
      throw new ReferenceError("foo is not defined");
    });
    expect(other?.hint).toBeUndefined();
  });

  test("deep recursion is its own error", () => {
    const recurse = (n: number): number => recurse(n + 1) + 1;
    expect(errorOf(() => recurse(0))).toMatchObject({ code: "stack-exhausted", record: 70 });
  });
});

describe("a definition that is not valid", () => {
  test.each([
    [undefined, "bad-definition", "no default export"],
    [{ title: "t" }, "bad-definition", "not a function definition"],
    [{ ...mapping(undefined) }, "missing-entry", "no map()"],
    [{ ...mapping(() => 1), title: "" }, "bad-definition", "title"],
    [{ ...mapping(() => 1), title: 5 }, "bad-definition", "not a string"],
    [{ ...mapping(() => 1), input: {} }, "bad-definition", "input"],
    [{ ...mapping(() => 1), recordsPerTask: 1.5 }, "bad-definition", "recordsPerTask"],
    [{ ...mapping(() => 1), params: { a: () => 1 } }, "bad-definition", "parameter a"],
    [{ ...mapping(() => 1), output: "png" }, "bad-definition", "content type"],
    [{ ...mapping(() => 1), uses: { m: 1 } }, "bad-definition", "uses.m"],
    [
      {
        get kind() {
          throw new Error("boo");
        },
      },
      "bad-definition",
      "boo",
    ],
  ])("is described as an error, not thrown (%#)", (definition, code, message) => {
    const described = guestOf(definition).describe() as { error: Record<string, string> };
    expect(described.error.code).toBe(code);
    expect(described.error.message).toContain(message);
  });
});
