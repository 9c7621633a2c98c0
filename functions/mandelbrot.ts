import { iterate, param, range } from "sparegrid";
import { encodePng } from "./lib/png.ts";

/** Colour 0 is the set itself; points outside take the others in turn by the iterations they needed. */
const coloursMax = 256;

/**
 * The Mandelbrot set as a PNG. Input: how many rows (the height). Each task renders some rows as palette indices; they
 * are joined in order and encoded once.
 */
export default iterate({
  title: "Mandelbrot",
  description: "Renders a part of the Mandelbrot set. The input is the number of rows.",
  input: range(),
  params: {
    width: param.integer(800, { min: 1, max: 16_384, title: "Width", description: "In pixels" }),
    height: param.integer(0, {
      min: 0,
      max: 16_384,
      title: "Height",
      description: "In pixels; 0, or the same as the input",
    }),
    iterations: param.integer(500, { min: 1, max: 1_000_000, title: "Iterations" }),
    centre: param.list([-0.5, 0], { title: "Centre", description: "Real and imaginary part" }),
    scale: param.number(3, { title: "Scale", description: "Width of the picture in the plane" }),
  },
  roundsMax: 1,
  init({ params, sample }) {
    if (params.height !== 0 && params.height !== sample.count)
      throw new Error(`the input is ${sample.count} rows, but the height is ${params.height}`);
    if (params.centre.length !== 2) throw new Error("the centre is a pair of numbers");
    return { height: sample.count, pixels: new Uint8Array(0) };
  },
  map({ from, to }, { height }, { params }) {
    const { width, iterations, scale } = params;
    const pixels = new Uint8Array((to - from) * width);
    const step = scale / width;
    const [centreR = 0, centreI = 0] = params.centre;
    for (let row = from; row < to; row++) {
      const ci = centreI + ((height - 1) / 2 - row) * step;
      const start = (row - from) * width;
      for (let column = 0; column < width; column++) {
        const cr = centreR + (column - (width - 1) / 2) * step;
        // Most of the set is the main cardioid and the circle left of it: known without iterating.
        const shifted = cr - 0.25;
        const q = shifted * shifted + ci * ci;
        if (q * (q + shifted) <= 0.25 * ci * ci) continue;
        if ((cr + 1) * (cr + 1) + ci * ci <= 0.0625) continue;
        let zr = 0;
        let zi = 0;
        let rr = 0;
        let ii = 0;
        let n = 0;
        for (; n < iterations && rr + ii <= 4; n++) {
          zi = 2 * zr * zi + ci;
          zr = rr - ii + cr;
          rr = zr * zr;
          ii = zi * zi;
        }
        if (rr + ii > 4) pixels[start + column] = 1 + (n % (coloursMax - 1));
      }
    }
    return pixels;
  },
  merge(a, b) {
    const joined = new Uint8Array(a.length + b.length);
    joined.set(a, 0);
    joined.set(b, a.length);
    return joined;
  },
  step: (state, pixels) => ({ state: { height: state.height, pixels }, done: true }),
  finish: ({ height, pixels }, { params }) =>
    encodePng({ width: params.width, height, pixels, palette: makePalette() }),
  output: "image/png",
  example: { input: 12, params: { width: 16, iterations: 50 } },
});

/** Black, then a cycle of three waves (blue to white to orange to dark). */
function makePalette(): Uint8Array {
  const palette = new Uint8Array(coloursMax * 3);
  for (let colour = 1; colour < coloursMax; colour++) {
    const turn = (colour / (coloursMax - 1)) * 8 * Math.PI;
    palette[colour * 3] = 128 - 127 * Math.cos(turn * 0.5);
    palette[colour * 3 + 1] = 128 - 127 * Math.cos(turn * 0.5 + 0.6);
    palette[colour * 3 + 2] = 128 - 127 * Math.cos(turn * 0.5 + 1.4);
  }
  return palette;
}
