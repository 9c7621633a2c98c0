/** Where to go after signing in: the page of this site that `?next=` names, or the market. Never another site. */
export function nextPage(location: Pick<Location, "search" | "origin">): string {
  const next = new URLSearchParams(location.search).get("next");
  if (next === null) return "/";
  const url = URL.parse(next, location.origin);
  if (url === null || url.origin !== location.origin) return "/";
  return url.pathname + url.search + url.hash;
}
