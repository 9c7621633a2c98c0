/** Where a pool, named "owner/name", is on this site. Pure. */
export const poolHref = (pool: string): string => `/pools/${pool}`;

/** Where it is in the API. Pure. */
export const poolPath = (pool: string, more = ""): string => `/v1/pools/${pool}${more}`;

/**
 * The address that an invitation's code is passed on as. What is behind "#" stays in the browser: the code is in no log
 * of addresses, and no other site is told it. Pure.
 */
export const invitationLink = (origin: string, code: string): string =>
  `${origin}/pools/join#${code}`;

/** The code in what somebody pasted: itself, or a link that ends with it. Pure. */
export function codeIn(text: string): string {
  return /sgi_[\w-]+/.exec(text)?.[0] ?? text.trim();
}
