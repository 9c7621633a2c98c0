import type { Page } from "../../protocol/http-common.ts";

/** One page of rows of which one more than `limit` was asked for, to know whether another page follows. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  cursorOf: (row: R) => string,
  itemOf: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const next = rows.length > limit ? cursorOf(shown.at(-1)!) : null;
  return { items: shown.map(itemOf), next };
}
