import type { Pool } from "../../../protocol/http-pools.ts";

/** What the account has chosen as its default, as the server names it: null is none. */
export type DefaultPool = string | null;

/** None: the server decides by whether the account has machines. */
export const automatic = "auto";

export const explained: Record<string, string> = {
  [automatic]: "Your own machines if one was connected within the last 7 days, else everyone's.",
  own: "Nobody else's machine gets to see your data. It costs nothing, and waits while none of yours is connected.",
  everyone: "Every machine that is connected. Results of other people's machines are not verified.",
};
const ofPool = "Machines of this pool's members, and no others.";

/** What may be chosen; a pool that was chosen and is gone is among them, so that the page says what holds. Pure. */
export function defaultChoices(pools: readonly Pick<Pool, "name">[], chosen: DefaultPool) {
  const names = pools.map(({ name }) => name);
  const known = chosen === null || chosen in explained || names.includes(chosen);
  return [
    { value: automatic, label: "Automatic" },
    { value: "own", label: "My own machines" },
    { value: "everyone", label: "Everyone's machines" },
    ...names.map((name) => ({ value: name, label: name })),
    ...(known ? [] : [{ value: chosen, label: `${chosen} (gone)` }]),
  ];
}

/** Pure. */
export function meaningOf(choice: string, pools: readonly Pick<Pool, "name">[]): string {
  const isPool = pools.some(({ name }) => name === choice);
  return (
    explained[choice] ??
    (isPool ? ofPool : "You do not belong to it any more: jobs that name no pool are refused.")
  );
}
