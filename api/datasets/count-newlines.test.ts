import { expect, test } from "vitest";
import { countNewlines } from "./count-newlines.ts";
import { seededRandom } from "./test-support.ts";

test("it counts what a byte loop counts, at every alignment and length", () => {
  const seed = Date.now() >>> 0;
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const alphabet = [10, 11, 9, 138, 0, 255, 0x8a, 0x0b];
  const bytes = Buffer.from(
    Array.from({ length: 6000 }, () => alphabet[Math.floor(random() * alphabet.length)]!),
  );
  const all = Buffer.alloc(6000, 10);
  for (let i = 0; i < 2000; i++) {
    const from = Math.floor(random() * 20);
    const to = from + Math.floor(random() * (i % 2 === 0 ? 12 : 5900));
    const part = bytes.subarray(from, to);
    expect(countNewlines(part)).toBe(part.filter((byte) => byte === 10).length);
    expect(countNewlines(all.subarray(from, to))).toBe(all.subarray(from, to).length);
  }
});
