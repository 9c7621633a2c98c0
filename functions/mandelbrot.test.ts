import { PNG } from "pngjs";
import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import mandelbrot from "./mandelbrot.ts";

type Params = Partial<{
  width: number;
  height: number;
  iterations: number;
  centre: number[];
  scale: number;
}>;

function render(rows: number, params: Params): PNG {
  return PNG.sync.read(Buffer.from(runLocally(mandelbrot, rows, params).value));
}

const isBlack = (image: PNG, column: number, row: number) => {
  const at = (row * image.width + column) * 4;
  return image.data[at] === 0 && image.data[at + 1] === 0 && image.data[at + 2] === 0;
};

test("the set's area is the known 1.50659 (Förstemann 2012), and the picture is symmetric", () => {
  const size = 600;
  const image = render(size, { width: size, iterations: 3000, centre: [-0.75, 0], scale: 2.6 });
  let inside = 0;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const black = isBlack(image, column, row);
      if (black) inside++;
      if (black !== isBlack(image, column, size - 1 - row)) expect.fail(`${column}, ${row}`);
    }
  expect(inside * (2.6 / size) ** 2).toBeGreaterThan(1.50659 * 0.995);
  expect(inside * (2.6 / size) ** 2).toBeLessThan(1.50659 * 1.005);
});

test.each([
  [0, 0, true],
  [-1, 0, true],
  [-2, 0, true],
  [0.25, 0, true],
  [-0.1226, 0.7449, true],
  [0, 1, true],
  [0.26, 0, false],
  [1, 0, false],
  [-0.75, 0.1, false],
  [0, -1.01, false],
  [0.4, 0.4, false],
])("%f + %fi: in the set is %s", (re, im, inside) => {
  const image = render(1, { width: 1, iterations: 500, centre: [re, im], scale: 1e-9 });
  expect(isBlack(image, 0, 0)).toBe(inside);
});

test("the input is the height, and a height that contradicts it is refused", () => {
  const params = { width: 64, iterations: 100 };
  const whole = render(48, params);
  expect(whole.height).toBe(48);
  expect(() => runLocally(mandelbrot, 48, { ...params, height: 40 })).toThrow(/the height is 40/);
  expect(render(48, { ...params, height: 48 }).data.equals(whole.data)).toBe(true);
});
