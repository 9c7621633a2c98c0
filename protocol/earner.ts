/**
 * Who earns by a piece of work: the account whose machine it is, and which of its machines. Accounts are known for sure,
 * runners name themselves; so the account comes first and has no space in it, and whatever a runner calls itself it can
 * only be told from others of the same account.
 */
export interface Earner {
  account: string;
  /** The runner's own name for its installation (`hello.runner`). */
  runner: string;
}

const separator = " ";

/** "ACCOUNT RUNNER", as the store counts by it. */
export function earnerOf(account: string, runner: string): string {
  return `${account}${separator}${runner}`;
}

export function parseEarner(earner: string): Earner {
  const at = earner.indexOf(separator);
  if (at < 0) return { account: earner, runner: "" };
  return { account: earner.slice(0, at), runner: earner.slice(at + separator.length) };
}
