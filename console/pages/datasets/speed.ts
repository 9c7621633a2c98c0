const windowMs = 4_000;

/** Bytes a second over the last few seconds. */
export class Speed {
  #points: { atMs: number; bytes: number }[] = [];

  begin(atMs: number, bytes = 0): void {
    this.#points = [{ atMs, bytes }];
  }

  /** Undefined until enough time has passed to tell. */
  at(atMs: number, bytes: number): number | undefined {
    this.#points.push({ atMs, bytes });
    while (this.#points.length > 2 && atMs - this.#points[1]!.atMs > windowMs) this.#points.shift();
    const first = this.#points[0]!;
    const passedMs = atMs - first.atMs;
    return passedMs < 200 ? undefined : ((bytes - first.bytes) / passedMs) * 1000;
  }
}
