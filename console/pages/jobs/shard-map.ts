import type { JobTasks, TaskInterval } from "../../../protocol/http-live.ts";

export type CellState = "pending" | "leased" | "done";

export interface CellLayout {
  columns: number;
  rows: number;
  /** Width and height of a cell with its gap, px. */
  pitch: number;
  gap: number;
  /** Tasks that one cell stands for: 1 unless there are more tasks than the picture has room for. */
  tasksPerCell: number;
}

const pitches = [14, 12, 10, 8, 6, 5, 4, 3, 2] as const;

/** The largest cells that fit: one for each task, as long as there is room. Pure. */
export function layoutOf(total: number, width: number, heightMax: number): CellLayout {
  for (const pitch of pitches) {
    const columns = Math.max(1, Math.floor(width / pitch));
    const rows = Math.ceil(total / columns);
    if (rows * pitch <= heightMax)
      return { columns, rows, pitch, gap: gapOf(pitch), tasksPerCell: 1 };
  }
  const pitch = pitches.at(-1) ?? 2;
  const columns = Math.max(1, Math.floor(width / pitch));
  const cellsMax = columns * Math.max(1, Math.floor(heightMax / pitch));
  const tasksPerCell = Math.ceil(total / cellsMax);
  const rows = Math.ceil(Math.ceil(total / tasksPerCell) / columns);
  return { columns, rows, pitch, gap: gapOf(pitch), tasksPerCell };
}

const gapOf = (pitch: number) => (pitch >= 8 ? 2 : pitch >= 3 ? 1 : 0);

/** Runs [lo, hi) of tasks with one state each, in order: an interval of mixed states shows its parts in that order. */
export function runsOf({ intervals }: Pick<JobTasks, "intervals">): [number, number, CellState][] {
  return intervals.flatMap(partsOf);
}

function partsOf({ lo, hi, state, done, leased }: TaskInterval): [number, number, CellState][] {
  if (state !== "mixed") return [[lo, hi, state]];
  const ends = [lo + done, lo + done + leased, hi] as const;
  const parts: [number, number, CellState][] = [
    [lo, ends[0], "done"],
    [ends[0], ends[1], "leased"],
    [ends[1], ends[2], "pending"],
  ];
  return parts.filter(([from, to]) => to > from);
}

/** Rectangles [x, y, width, height] in cells that a run of cells [lo, hi) covers: at most three. */
export function rectanglesOf(
  lo: number,
  hi: number,
  columns: number,
): [number, number, number, number][] {
  if (hi <= lo) return [];
  const first = Math.floor(lo / columns);
  const last = Math.floor((hi - 1) / columns);
  const left = lo % columns;
  const right = ((hi - 1) % columns) + 1;
  if (first === last) return [[left, first, right - left, 1]];
  const found: [number, number, number, number][] = [[left, first, columns - left, 1]];
  if (last - first > 1) found.push([0, first + 1, columns, last - first - 1]);
  found.push([0, last, right, 1]);
  return found;
}
