import { copyOf, defineProperty } from "./primordials.ts";

/**
 * The records that one task reads, however they came (a resident shard, an inline input, a range). Records are made
 * anew for every task, so that an author who writes to one reaches no other task.
 */
export interface Source {
  readonly count: number;
  /** Record i of this source, 0-based, for kinds map and mapReduce. */
  at(index: number): unknown;
  /** What an iterate's map gets. May be kept between rounds. */
  all(): unknown;
  /** Fuel that reading it all costs an iterate's map. */
  readonly fuel: number;
}

export function listSource(list: readonly unknown[]): Source {
  return { count: list.length, fuel: list.length, at: (i) => list[i], all: () => list };
}

export function rangeSource(from: number, to: number): Source {
  return { count: to - from, fuel: 1, at: (i) => from + i, all: () => ({ from, to }) };
}

/** @param numbers row-major; rows of a task's `at` are views of one copy, made on first use */
export function rowsSource(
  numbers: Float64Array<ArrayBuffer>,
  columns: readonly string[],
  height: number,
): Source {
  const width = columns.length;
  let copy: Float64Array<ArrayBuffer> | undefined;
  return {
    count: height,
    fuel: height,
    at(i) {
      copy ??= copyOf(numbers);
      return copy.subarray(i * width, (i + 1) * width);
    },
    all: () => toRows(numbers, columns, height),
  };
}

export function bytesSource(bytes: Uint8Array<ArrayBuffer>, size: number, count: number): Source {
  const cut = (whole: Uint8Array<ArrayBuffer>, i: number) =>
    whole.subarray(i * size, (i + 1) * size);
  let copy: Uint8Array<ArrayBuffer> | undefined;
  return {
    count,
    fuel: count,
    at(i) {
      copy ??= copyOf(bytes);
      return cut(copy, i);
    },
    all() {
      const list: Uint8Array[] = [];
      for (let i = 0; i < count; i++) list[i] = cut(bytes, i);
      return list;
    },
  };
}

export function toRows(
  numbers: Float64Array<ArrayBuffer>,
  columns: readonly string[],
  height: number,
): Float64Array<ArrayBuffer> {
  // A view of its own: the names must not stick to an array that is used elsewhere.
  const rows = numbers.subarray(0, height * columns.length);
  defineProperty(rows, "columns", { value: columns });
  defineProperty(rows, "width", { value: columns.length });
  defineProperty(rows, "height", { value: height });
  return rows;
}
