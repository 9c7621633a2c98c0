import type { Page } from "../protocol/http.ts";

/** Items of a list that comes by pages; a page is fetched when its first item is asked for. */
export async function* paged<T>(
  fetchPage: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    yield* page.items;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}
