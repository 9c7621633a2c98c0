import { PNG } from "pngjs";
import { expect, test } from "vitest";
import { encodePng } from "./png.ts";

const palette = Uint8Array.from({ length: 768 }, (_, i) => (i * 37) & 255);

function decodesTo(width: number, height: number, pixels: Uint8Array): number {
  const bytes = encodePng({ width, height, pixels, palette });
  const image = PNG.sync.read(Buffer.from(bytes));
  expect([image.width, image.height]).toEqual([width, height]);
  for (let i = 0; i < pixels.length; i++) {
    const at = pixels[i]! * 3;
    const wrong =
      image.data[i * 4] !== palette[at] ||
      image.data[i * 4 + 1] !== palette[at + 1] ||
      image.data[i * 4 + 2] !== palette[at + 2];
    if (wrong) expect.fail(`pixel ${i}`);
  }
  return bytes.length;
}

test("another decoder reads every pixel back: noise, runs of every length, one colour", () => {
  let state = 1;
  const noise = Uint8Array.from({ length: 300 * 200 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return state >>> 16;
  });
  decodesTo(300, 200, noise);
  const runs: number[] = [];
  for (let length = 1; length <= 600; length++)
    for (let i = 0; i < length; i++) runs.push((length * 7) & 255);
  decodesTo(runs.length, 1, Uint8Array.from(runs));
  decodesTo(300, 601, Uint8Array.from(runs.slice(0, 180_300)));
  decodesTo(1, 1, Uint8Array.of(255));
  expect(decodesTo(1000, 1000, new Uint8Array(1_000_000).fill(144))).toBeLessThan(12_000);
});
