import type { FunctionSort } from "../../../protocol/http-functions.ts";
import type { Kind } from "../../../protocol/job.ts";
import type { Query } from "../../lib/api/request.ts";

export const sorts: readonly { value: FunctionSort; label: string }[] = [
  { value: "relevance", label: "Best match" },
  { value: "runs", label: "Most run" },
  { value: "new", label: "Newest" },
  { value: "price", label: "Lowest royalty" },
  { value: "name", label: "Name" },
];
export const kinds: readonly { value: Kind | ""; label: string }[] = [
  { value: "", label: "Every kind" },
  { value: "map", label: "Map" },
  { value: "mapReduce", label: "Map and reduce" },
  { value: "iterate", label: "Iterative" },
];

/** What the market shows, as its address says. Unknown words in the address are as if absent. */
export interface MarketQuery {
  q: string;
  tag: string;
  kind: Kind | "";
  mine: boolean;
  sort: FunctionSort;
}

/** Pure. */
export function marketQueryOf(get: (name: string) => string): MarketQuery {
  const q = get("q").slice(0, 200);
  const sort = sorts.find(({ value }) => value === get("sort"))?.value;
  return {
    q,
    tag: get("tag"),
    kind: kinds.find(({ value }) => value === get("kind"))?.value ?? "",
    mine: get("owner") === "me",
    sort: sort ?? defaultSortOf(q),
  };
}

/** Without words there is nothing to match: then what others run comes first. */
export function defaultSortOf(q: string): FunctionSort {
  return q.trim() === "" ? "runs" : "relevance";
}

/** The query of GET /v1/functions. Words without a letter or digit would find nothing: they are left out. Pure. */
export function listQueryOf({ q, tag, kind, mine, sort }: MarketQuery): Query {
  const text = /[\p{L}\p{N}]/u.test(q) ? q.trim() : "";
  return { q: text, tag, kind, owner: mine ? "me" : "", sort };
}

/** Whether anything narrows the list down. */
export function isNarrowed({ q, tag, kind, mine }: MarketQuery): boolean {
  return q !== "" || tag !== "" || kind !== "" || mine;
}

/** The tags that most of these functions have, most frequent first. Pure. */
export function commonTags(tagLists: readonly (readonly string[])[], max: number): string[] {
  const counts = new Map<string, number>();
  for (const tag of tagLists.flat()) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const sorted = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.slice(0, max).map(([tag]) => tag);
}
