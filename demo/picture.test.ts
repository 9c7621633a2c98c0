import { expect, test } from "vitest";
import { readDigits } from "./data.ts";
import { beside, drawCurve, drawDigit } from "./picture.ts";

test("a digit is drawn as eight lines of sixteen characters, light to dark", () => {
  const lines = drawDigit([0, 1, 5, 9, 13, 16, 0, 16, ...new Array(56).fill(0)]);
  expect(lines).toHaveLength(8);
  expect(lines[0]).toBe("  ░░▒▒▓▓████  ██");
  expect(lines.every((line) => [...line].length === 16)).toBe(true);
  expect(beside([["a", "b"], ["c"]], "|")).toEqual(["a|c", "b|"]);
});

test("a falling loss is drawn as a falling curve of the asked size", () => {
  const lines = drawCurve([2, 1, 0], { width: 6, height: 2 });
  expect(lines).toEqual([" 2.00 ┤██    ", "    0 ┤████  "]);
  const long = drawCurve(
    Array.from({ length: 500 }, (_, round) => 1 / (round + 1)),
    { width: 60, height: 4 },
  );
  expect(long.map((line) => [...line].length)).toEqual([67, 67, 67, 67]);
});

test("the digits are 1,797 pictures with labels, the last ones held out", async () => {
  const { train, heldOut } = await readDigits(360);
  expect([train.length, heldOut.length]).toEqual([1437, 360]);
  for (const { pixels, label } of [...train, ...heldOut]) {
    expect(pixels).toHaveLength(64);
    expect(pixels.every((level) => level >= 0 && level <= 16)).toBe(true);
    expect(label).toBe(Math.trunc(label));
  }
});
