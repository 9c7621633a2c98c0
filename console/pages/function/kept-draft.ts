import type { RunDraft } from "./run-request.ts";

const keyOf = (name: string) => `sparegrid.run.${name}`;

/** What was typed into a function's form in this tab: it outlives a look at another page, and signing in. */
export function readDraft<D extends RunDraft>(name: string, fresh: D): D {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(keyOf(name)) ?? "null");
    return typeof kept === "object" && kept !== null ? mergedDraft(fresh, kept) : fresh;
  } catch {
    return fresh;
  }
}

export function keepDraft(name: string, draft: RunDraft): void {
  try {
    sessionStorage.setItem(keyOf(name), JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing, or an input that is too large to be kept.
  }
}

/** What of a kept draft still fits: another version may have other parameters. Pure. */
export function mergedDraft<D extends RunDraft>(fresh: D, kept: Partial<RunDraft>): D {
  const alike = <T extends object>(now: T, then: unknown): T =>
    Object.fromEntries(
      Object.entries(now).map(([name, value]) => {
        const old = (then as Record<string, unknown> | undefined)?.[name];
        return [name, typeof old === typeof value && old !== null ? old : value];
      }),
    ) as T;
  return {
    ...alike(fresh, kept),
    params: alike(fresh.params, kept.params),
    uses: alike(fresh.uses, kept.uses),
  };
}
