/**
 * What was drawn, as the digits of the dataset are: a bitmap of 32×32 that the figure fills, and of each block of 4×4
 * how many cells are black, 0 to 16 (Alpaydin & Kaynak 1998). Pure.
 */
export interface Point {
  x: number;
  y: number;
}
export type Stroke = readonly Point[];

const bitmapSize = 32;
const blockSize = 4;
export const gridSize = bitmapSize / blockSize;
/** Pen of the writers, in cells of the bitmap. */
const penCells = 3.2;

export function digitOf(strokes: readonly Stroke[]): number[] | undefined {
  const points = strokes.flat();
  if (points.length === 0) return undefined;
  const box = boundsOf(points);
  const inside = bitmapSize - penCells;
  const scale = inside / Math.max(box.width, box.height, 1e-6);
  const left = (bitmapSize - box.width * scale) / 2;
  const top = (bitmapSize - box.height * scale) / 2;
  const place = ({ x, y }: Point): Point => ({
    x: left + (x - box.x) * scale,
    y: top + (y - box.y) * scale,
  });
  const black = new Uint8Array(bitmapSize * bitmapSize);
  for (const stroke of strokes) draw(black, stroke.map(place));
  return blocks(black);
}

function boundsOf(points: readonly Point[]) {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Looks only at the cells around each segment: a figure of a thousand points is drawn within a frame, too. */
function draw(black: Uint8Array, stroke: readonly Point[]): void {
  const radius = penCells / 2;
  for (const [index, from] of stroke.entries()) {
    const to = stroke[index + 1] ?? from;
    const rows = cellsBetween(from.y, to.y, radius);
    const columns = cellsBetween(from.x, to.x, radius);
    for (let row = rows.first; row <= rows.last; row++)
      for (let column = columns.first; column <= columns.last; column++) {
        const cell = row * bitmapSize + column;
        if (black[cell] === 1) continue;
        if (distance({ x: column + 0.5, y: row + 0.5 }, from, to) <= radius) black[cell] = 1;
      }
  }
}

function cellsBetween(a: number, b: number, radius: number): { first: number; last: number } {
  return {
    first: Math.max(0, Math.floor(Math.min(a, b) - radius)),
    last: Math.min(bitmapSize - 1, Math.ceil(Math.max(a, b) + radius)),
  };
}

/** From a point to a segment. */
function distance(point: Point, from: Point, to: Point): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / length;
  const at = Math.min(1, Math.max(0, along));
  return Math.hypot(point.x - from.x - at * dx, point.y - from.y - at * dy);
}

function blocks(black: Uint8Array): number[] {
  const counts = Array<number>(gridSize * gridSize).fill(0);
  for (let row = 0; row < bitmapSize; row++)
    for (let column = 0; column < bitmapSize; column++) {
      const block = Math.floor(row / blockSize) * gridSize + Math.floor(column / blockSize);
      counts[block] = (counts[block] ?? 0) + (black[row * bitmapSize + column] ?? 0);
    }
  return counts;
}
