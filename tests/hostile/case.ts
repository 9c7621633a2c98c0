import type { ErrorCode } from "../../protocol/errors.ts";

/** What must become of a hostile program. Exactly one of the four. */
export type Outcome =
  /** It is not even published. */
  | { refused: ErrorCode | readonly ErrorCode[] }
  /** Its task ends in this error, whoever's fault the code says; `message` must occur in it. */
  | { fails: ErrorCode | readonly ErrorCode[]; message?: string; hint?: string }
  /** It does no harm: its task gives this value. */
  | { gives: unknown };

export interface HostileCase {
  name: string;
  /** Body of a map over one record, which is the string "attack"; it may use `record` and `ctx`. */
  attack?: string;
  /** The whole source, where the attack is not in a map; the input is then `input`. */
  source?: string;
  input?: unknown;
  /** Code of the module's top level, before the definition. */
  before?: string;
  fuelMax?: number;
  memoryMb?: number;
  timeoutMs?: number;
  outcome: Outcome;
}

/**
 * A map that attacks only when it is told to: publishing tries a function on inputs of its own, and the sandbox must
 * hold for what behaves there and not later.
 */
export function sourceOf({ attack, source, before = "" }: HostileCase): string {
  if (source !== undefined) return source;
  return `// @ts-nocheck
import { items, map } from "sparegrid";
${before}
export default map({
  title: "Hostile",
  input: items(),
  map(record, ctx) {
    if (record !== "attack") return record;
    ${attack}
  },
});
`;
}
