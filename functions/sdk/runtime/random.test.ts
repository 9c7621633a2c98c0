import { describe, expect, test } from "vitest";
import { createRandom, hashText, streams } from "./random.ts";

describe("random", () => {
  test("depends on seed, stream, round and index alone, not on what was drawn before", () => {
    const draw = (seed: number, stream: number, round: number, index: number, before: number) => {
      const random = createRandom(seed);
      random.seek(streams.map, 0, 5);
      for (let i = 0; i < before; i++) random.next();
      random.seek(stream, round, index);
      return [random.next(), random.next()];
    };
    const base = draw(1, streams.map, 0, 9, 0);
    expect(draw(1, streams.map, 0, 9, 100)).toEqual(base);
    for (const other of [
      draw(2, streams.map, 0, 9, 0),
      draw(1 + 2 ** 40, streams.map, 0, 9, 0),
      draw(1, streams.shard, 0, 9, 0),
      draw(1, streams.map, 1, 9, 0),
      draw(1, streams.map, 0, 10, 0),
      draw(1, streams.map, 0, 9 + 2 ** 33, 0),
    ]) {
      expect(other).not.toEqual(base);
    }
  });

  test("is uniform in [0, 1), also over the first numbers of neighbouring records", () => {
    const random = createRandom(3);
    const buckets = new Array<number>(10).fill(0);
    let sum = 0;
    for (let record = 0; record < 100_000; record++) {
      random.seek(streams.map, 0, record);
      const x = random.next();
      expect(x >= 0 && x < 1).toBe(true);
      sum += x;
      buckets[Math.floor(x * 10)]!++;
    }
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.005);
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test("hashes keys evenly over few partitions", () => {
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[hashText(`key-${i}`) % 7]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
