import { expect, test } from "vitest";
import { rememberedFuelMin } from "../../../protocol/limits.ts";
import { mapReduce, range } from "../index.ts";
import { guestOf, sliceOf } from "../test-support/guest.ts";

/** Whether a task of so many records tells that it does not depend on the number of shards. */
function tells(of: (context: { shard: object }) => unknown, records: number): true | undefined {
  const definition = mapReduce({
    title: "t",
    input: range(),
    map: (_i, _emit, context) => void of(context),
    reduce: () => 0,
  });
  const guest = guestOf(definition, { shardCount: 3 });
  const { header } = guest.run({ entry: "map", slice: sliceOf(undefined, 0, records) } as never);
  expect(header.error).toBeUndefined();
  return header.anyCount;
}

test.each([
  ["does not look at its shard", () => 0, true],
  ["looks at its shard's index", ({ shard }: { shard: object }) => "index" in shard, true],
  ["asks for the count", ({ shard }: { shard: object }) => Reflect.get(shard, "count"), undefined],
  ["copies its shard", ({ shard }: { shard: object }) => ({ ...shard }), undefined],
  ["writes its context as JSON", (context: object) => JSON.stringify(context), undefined],
])("a large task that %s", (_name, of, anyCount) => {
  expect(tells(of, rememberedFuelMin)).toBe(anyCount);
});

test("nothing is told of a task that is too small to be remembered", () => {
  expect(tells(() => 0, 9)).toBeUndefined();
});
