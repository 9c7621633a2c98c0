import fc from "fast-check";
import { expect, it } from "vitest";
import { Residency } from "./residency.ts";

it("drops the least recently used first, and never what is in use", () => {
  const residency = new Residency();
  for (const key of ["a", "b", "c"]) residency.add("B", key, 10);
  residency.touch("B", "a");
  const keys = (bytesMax: number, used: string[]): string[] =>
    residency.victims(bytesMax, (key) => used.includes(key)).map(({ key }) => key);
  expect(keys(30, [])).toEqual([]);
  expect(keys(20, [])).toEqual(["b"]);
  expect(keys(10, ["b"])).toEqual(["c", "a"]);
  expect(keys(0, ["a", "b", "c"])).toEqual([]);
});

it("a closed bundle takes its blobs along", () => {
  const residency = new Residency();
  residency.add("B", "a", 10);
  residency.add("C", "a", 5);
  residency.removeBundle("B");
  expect(residency.has("B", "a")).toBe(false);
  expect(residency.has("C", "a")).toBe(true);
  expect(residency.bytes).toBe(5);
});

it("counts bytes exactly whatever happens", () => {
  const name = fc.constantFrom("a", "b", "c");
  const action = fc.record({
    verb: fc.constantFrom("add", "remove", "touch", "removeBundle"),
    bundle: name,
    key: name,
    bytes: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(action), (actions) => {
      const residency = new Residency();
      const model = new Map<string, number>();
      for (const { verb, bundle, key, bytes } of actions) {
        const id = `${bundle}/${key}`;
        if (verb === "add") {
          residency.add(bundle, key, bytes);
          if (!model.has(id)) model.set(id, bytes);
        } else if (verb === "remove") {
          expect(residency.remove(bundle, key)).toBe(model.delete(id));
        } else if (verb === "touch") residency.touch(bundle, key);
        else {
          residency.removeBundle(bundle);
          for (const one of [...model.keys()]) if (one.startsWith(`${bundle}/`)) model.delete(one);
        }
        expect(residency.bytes).toBe([...model.values()].reduce((sum, one) => sum + one, 0));
      }
    }),
  );
});
