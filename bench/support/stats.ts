/** Median of numbers. @throws RangeError on none */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Nearest-rank quantile, q in [0, 1]. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError("no values");
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)]!;
}

/** Runs each contender once a turn, so that a noisy neighbour hits all alike. Returns every contender's times. */
export async function interleaved<K extends string>(
  turns: number,
  contenders: Record<K, () => Promise<number>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(contenders) as K[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    K,
    number[]
  >;
  for (let turn = 0; turn < turns; turn++) {
    for (const name of names) results[name].push(await contenders[name]());
  }
  return results;
}

/** Adds a value to the list under a key. */
export function note<K extends string>(lists: Record<K, number[]>, key: K, value: number): void {
  const list = lists[key] ?? [];
  lists[key] = list;
  list.push(value);
}
