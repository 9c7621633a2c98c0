import { expect, test } from "vitest";
import { assemble } from "./assemble.ts";
import { bundleAuthor } from "./bundle.ts";
import { explain } from "./explain.ts";
import { readFiles } from "./files.ts";
import { meterBundle } from "./meter.ts";

const source = `const twice = (n: number): number => {
  if (n > 1) throw new RangeError("too much");
  return n * 2;
};
export default [1, 2].map(twice);
`;

async function thrownBySource(): Promise<{ stack: string; sourceMap: string; script: string }> {
  const bundled = await bundleAuthor(readFiles({ name: "demo", source }));
  const runtime = `({ meter: [-1e9], outOfFuel: 1, caught() {}, bind: (x) => x })`;
  const { script, sourceMap } = assemble(runtime, bundled, meterBundle(bundled));
  const lines = script.split("\n");
  const line = lines.findIndex((text) => text.includes("new RangeError"));
  const column = lines[line]!.indexOf("new RangeError");
  const outer = lines.findIndex((text) => text.includes(".map("));
  const stack = `RangeError: too much
    at twice (bundle.js:${line + 1}:${column + 1})
    at Array.map (<anonymous>)
    at bundle.js:${outer + 1}:${lines[outer]!.indexOf("map(") + 1}
    at Object.bind (bundle.js:2:5)
    at bundle.js:3:1`;
  return { stack, sourceMap, script };
}

test("a guest's stack becomes the author's frames; what is known of the task is kept", async () => {
  const { stack, sourceMap } = await thrownBySource();
  const body = explain(
    {
      code: "function-threw",
      name: "RangeError",
      message: "too much",
      stack,
      entry: "map",
      task: 3,
      record: 7,
      shard: 1,
    },
    sourceMap,
  );
  expect(body).toEqual({
    code: "function-threw",
    message: "too much",
    details: {
      name: "RangeError",
      entry: "map",
      task: 3,
      record: 7,
      shard: 1,
      at: { file: "demo.ts", line: 2, column: 20 },
      frames: ["twice (demo.ts:2:20)", "demo.ts:5:23"],
    },
  });
});

test("an explained error is left as it is when explained again", async () => {
  const { stack, sourceMap } = await thrownBySource();
  const error = { code: "function-threw", name: "RangeError", message: "m", stack } as const;
  const once = explain(error, sourceMap);
  expect(explain(once, sourceMap)).toEqual(once);
});

test("without a map or a stack the error is kept, with a hint", () => {
  const body = explain(
    { code: "out-of-fuel", message: "used up", details: { limit: 1000 } },
    undefined,
  );
  expect(body.details?.hint).toContain("its limit is 1000");
  expect(explain({ code: "bad-output", name: "BadOutput", message: "m" }, "{}")).toEqual({
    code: "bad-output",
    message: "m",
    details: { name: "BadOutput" },
  });
});
