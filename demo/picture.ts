import { resample } from "../client/cli/format.ts";

const shades = " ░▒▓█";
const levelMax = 16;
const side = 8;

/** An 8×8 grey picture as eight lines of 16 characters, which is about square in a terminal. Pure. */
export function drawDigit(pixels: readonly number[]): string[] {
  return Array.from({ length: side }, (_, row) =>
    pixels
      .slice(row * side, (row + 1) * side)
      .map((level) => shades[Math.min(4, Math.ceil((level / levelMax) * 4))]!.repeat(2))
      .join(""),
  );
}

/** Blocks of lines side by side. */
export function beside(blocks: readonly (readonly string[])[], gap: string): string[] {
  const height = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: height }, (_, row) =>
    blocks.map((block) => block[row] ?? "").join(gap),
  );
}

const eighths = " ▁▂▃▄▅▆▇█";

/** A filled curve from 0 to its maximum, `height` lines tall, the scale at the left. Pure. */
export function drawCurve(
  values: readonly number[],
  { width, height }: { width: number; height: number },
): string[] {
  const cells = stretch(values, width);
  const top = Math.max(...cells, Number.MIN_VALUE);
  return Array.from({ length: height }, (_, line) => {
    const floor = height - 1 - line;
    const row = cells.map((value) => {
      const filled = Math.round((value / top) * height * 8) - floor * 8;
      return eighths[Math.max(0, Math.min(8, filled))];
    });
    const scale = line === 0 ? top.toFixed(2) : line === height - 1 ? "0" : "";
    return `${scale.padStart(5)} ┤${row.join("")}`;
  });
}

/** As many values as there are cells: averaged when there are more, held when there are fewer. */
function stretch(values: readonly number[], width: number): number[] {
  if (values.length >= width) return resample(values, width).map((value) => value ?? 0);
  return Array.from(
    { length: width },
    (_, cell) => values[Math.floor((cell * values.length) / width)] ?? 0,
  );
}
