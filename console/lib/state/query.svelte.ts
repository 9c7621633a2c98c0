import { searchParams } from "sv-router";
import { goTo } from "../../site/routes.ts";

/**
 * The part of the address behind "?", as texts: the router's own reading makes numbers of what looks like one, so that
 * a search for "007" would be one for 7.
 */
class AddressQuery {
  get(name: string): string {
    return searchParams.toURLSearchParams().get(name) ?? "";
  }

  /** Empty values leave the address. `replace`: going back does not come here again. */
  set(values: Record<string, string>, { replace = false } = {}): Promise<unknown> {
    return goTo(this.href(values), { replace, stay: true });
  }

  /** The address with these values instead, for links. */
  href(values: Record<string, string>): string {
    const next = searchParams.toURLSearchParams();
    for (const [name, value] of Object.entries(values)) {
      if (value === "") next.delete(name);
      else next.set(name, value);
    }
    return hrefOf(next);
  }
}

function hrefOf(search: URLSearchParams): string {
  return location.pathname + (search.size === 0 ? "" : `?${search}`);
}

export const addressQuery = new AddressQuery();
