import type { TransferKind, WalletEntry } from "../../../protocol/http-ledger.ts";

/** Why credits moved, in the words of whoever's wallet it is. Pure. */
const words: Record<TransferKind, { in: string; out: string }> = {
  grant: { in: "Grant", out: "Grant" },
  hold: { in: "Hold", out: "Held for a job" },
  release: { in: "Back from a job", out: "Release" },
  work: { in: "Work of your machine", out: "Work" },
  royalty: { in: "Royalty", out: "Royalty" },
  fee: { in: "Platform fee", out: "Platform fee" },
  cover: { in: "Covered", out: "Covered" },
  call: { in: "Calls", out: "Calls" },
  fund: { in: "Back from a campaign", out: "Campaign funded" },
  view: { in: "Watched a commercial", out: "Views" },
  payout: { in: "Payout came back", out: "Payout" },
};

export function wordOf({ kind, direction }: Pick<WalletEntry, "kind" | "direction">): string {
  return words[kind][direction];
}

export const filters: readonly { value: string; label: string; kinds?: readonly TransferKind[] }[] =
  [
    { value: "all", label: "Everything" },
    { value: "earned", label: "Earned", kinds: ["work", "royalty", "view", "call"] },
    { value: "jobs", label: "Jobs", kinds: ["hold", "release", "cover"] },
    { value: "payouts", label: "Payouts", kinds: ["payout"] },
    { value: "campaigns", label: "Campaigns", kinds: ["fund"] },
    { value: "grants", label: "Grants", kinds: ["grant"] },
  ];

const earning: ReadonlySet<TransferKind> = new Set(["work", "royalty", "view", "call"]);

/** What came in by earning on each of the last `days` days, the oldest first, in the days of `timeZone`. Pure. */
export function earnedByDay(
  entries: readonly Pick<WalletEntry, "kind" | "direction" | "moved" | "at">[],
  days: number,
  nowMs: number,
): { day: string; credits: number }[] {
  const dayMs = 86_400_000;
  const byDay = new Map<string, number>();
  for (let back = days - 1; back >= 0; back--) byDay.set(dayOf(nowMs - back * dayMs), 0);
  for (const { kind, direction, moved, at } of entries) {
    const day = dayOf(Date.parse(at));
    const sum = byDay.get(day);
    if (sum !== undefined && direction === "in" && earning.has(kind)) byDay.set(day, sum + moved);
  }
  return [...byDay].map(([day, credits]) => ({ day, credits }));
}

const dayOf = (ms: number) => {
  const date = new Date(ms);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
};
