import { randomBytes } from "node:crypto";

/** What an id names; the prefix makes a stray id in a log tell what it is. */
const prefixes = {
  job: "job",
  dataset: "ds",
  runner: "run",
  session: "ses",
  call: "call",
  token: "lse",
} as const;
export type IdKind = keyof typeof prefixes;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford base32, lower-case: no i, l, o, u

/**
 * A new id: prefix, then 9 characters of time (ms since the epoch, sortable until the year 3084) and 11 random
 * characters (55 bits), Crockford base32. Sortable ids let a list page by cursor without another column.
 */
export function newId(kind: IdKind, nowMs: number): string {
  let time = "";
  for (let rest = Math.floor(nowMs), i = 0; i < 9; i++, rest = Math.floor(rest / 32))
    time = alphabet[rest % 32] + time;
  let random = "";
  for (const byte of randomBytes(11)) random += alphabet[byte & 31];
  return `${prefixes[kind]}_${time}${random}`;
}
