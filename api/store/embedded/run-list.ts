/** A run of consecutive tasks [lo, hi) that have used the same number of attempts. */
export interface Run {
  lo: number;
  hi: number;
  attempts: number;
}

const chunkRunsMax = 512;

/**
 * Disjoint runs in order. Neighbours with the same attempts are merged, so a stage starts as one run and stays a few.
 * The worst case (every second task given back) is kept fast by holding the runs in chunks: an insert moves at most
 * one chunk, where a single array would move all of it.
 */
export class RunList {
  #chunks: Run[][] = [];
  #tasks = 0;

  get tasks(): number {
    return this.#tasks;
  }

  *[Symbol.iterator](): IterableIterator<Run> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The run must not overlap another. */
  insert(lo: number, hi: number, attempts: number): void {
    if (lo >= hi) return;
    this.#tasks += hi - lo;
    if (this.#chunks.length === 0) {
      this.#chunks.push([{ lo, hi, attempts }]);
      return;
    }
    const chunkIndex = this.#chunkOf(lo);
    const chunk = this.#chunks[chunkIndex]!;
    const at = indexAfter(chunk, lo);
    const before = chunk[at - 1];
    const after = chunk[at];
    if (before?.hi === lo && before.attempts === attempts) {
      before.hi = hi;
      if (after?.lo === hi && after.attempts === attempts) {
        before.hi = after.hi;
        chunk.splice(at, 1);
      }
      return;
    }
    if (after?.lo === hi && after.attempts === attempts) {
      after.lo = lo;
      return;
    }
    chunk.splice(at, 0, { lo, hi, attempts });
    if (chunk.length > chunkRunsMax)
      this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(chunkRunsMax / 2));
  }

  /** Removes and returns up to `tasksMax` of the first tasks within [from, to), all of one run. */
  take(from: number, to: number, tasksMax: number): Run | undefined {
    if (this.#chunks.length === 0) return undefined;
    let chunkIndex = this.#chunkOf(from);
    let chunk = this.#chunks[chunkIndex]!;
    let at = Math.max(indexAfter(chunk, from) - 1, 0);
    if (chunk[at]!.hi <= from && ++at === chunk.length) {
      chunk = this.#chunks[++chunkIndex] ?? [];
      at = 0;
    }
    const run = chunk[at];
    if (!run || run.lo >= to) return undefined;
    const lo = Math.max(run.lo, from);
    const hi = Math.min(run.hi, to, lo + tasksMax);
    if (hi <= lo) return undefined;
    this.#cut(chunkIndex, at, run, lo, hi);
    this.#tasks -= hi - lo;
    return { lo, hi, attempts: run.attempts };
  }

  #cut(chunkIndex: number, at: number, run: Run, lo: number, hi: number): void {
    const chunk = this.#chunks[chunkIndex]!;
    if (run.lo === lo && run.hi === hi) {
      chunk.splice(at, 1);
      if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1);
    } else if (run.lo === lo) run.lo = hi;
    else if (run.hi === hi) run.hi = lo;
    else {
      chunk.splice(at + 1, 0, { lo: hi, hi: run.hi, attempts: run.attempts });
      run.hi = lo;
    }
  }

  /** The last chunk that starts at or before `task`, or the first chunk. */
  #chunkOf(task: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle]![0]!.lo <= task) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Index of the first run that starts after `task`. */
function indexAfter(chunk: readonly Run[], task: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle]!.lo <= task) low = middle + 1;
    else high = middle;
  }
  return low;
}
