import type { ServerStatus } from "../../../protocol/http-status.ts";
import { ago, bytes, count, duration, plural } from "../../lib/format.ts";

export interface Check {
  name: string;
  tone: "good" | "neutral" | "warn" | "bad";
  text: string;
  /** Where to look. */
  href?: string;
}

const diskFreeMin = 0.05;
const diskFreeLow = 0.15;
const delayMsHigh = 100;
const delayMsMax = 1_000;

/** What an operator wants to know at a glance, each as good as it is. Pure. */
export function checksOf(status: ServerStatus, nowMs: number): Check[] {
  return [storeCheck(status), ledgerCheck(status, nowMs), runnersCheck(status), diskCheck(status)]
    .concat([loopCheck(status), payoutsCheck(status)])
    .filter((check) => check !== undefined);
}

/** The worst of them, in one sentence. Pure. */
export function verdictOf(checks: readonly Check[]): { tone: Check["tone"]; text: string } {
  const bad = checks.filter(({ tone }) => tone === "bad");
  const warned = checks.filter(({ tone }) => tone === "warn");
  const names = (some: readonly Check[]) => some.map(({ name }) => name.toLowerCase()).join(", ");
  if (bad.length > 0) return { tone: "bad", text: `Something is wrong: ${names(bad)}.` };
  if (warned.length > 0) return { tone: "warn", text: `Worth a look: ${names(warned)}.` };
  return { tone: "good", text: "Everything works." };
}

function storeCheck({ store }: ServerStatus): Check {
  const name = "Store";
  const kind = store.kind === "redis" ? "Redis" : "The embedded store";
  if (!store.answers)
    return { name, tone: "bad", text: `${kind} does not answer. ${store.problem ?? ""}`.trim() };
  return { name, tone: "good", text: `${kind} answers in ${duration(store.pingMs ?? 0)}.` };
}

function ledgerCheck({ ledger }: ServerStatus, nowMs: number): Check {
  const name = "Ledger";
  if (ledger === undefined)
    return { name, tone: "neutral", text: "Not verified since the server started." };
  if (!ledger.holds)
    return { name, tone: "bad", text: ledger.violation?.message ?? "It does not add up." };
  const when = ago(ledger.verifiedAt, nowMs);
  return { name, tone: "good", text: `${plural(ledger.transfers, "transfer")} add up (${when}).` };
}

function runnersCheck({ runners, jobs }: ServerStatus): Check {
  const { connected, slots, busy } = runners;
  const about = { name: "Runners", href: "/operator/runners" };
  if (connected > 0)
    return {
      ...about,
      tone: "good",
      text: `${plural(connected, "runner")}, ${busy} of ${plural(slots, "slot")} at work.`,
    };
  if (jobs.active > 0)
    return {
      ...about,
      tone: "bad",
      text: `None is connected, and ${plural(jobs.active, "job")} cannot go on.`,
    };
  return { ...about, tone: "warn", text: "None is connected: jobs would wait." };
}

function diskCheck({ disk }: ServerStatus): Check | undefined {
  if (disk === undefined || disk.totalBytes === 0) return undefined;
  const free = disk.freeBytes / disk.totalBytes;
  const tone = free < diskFreeMin ? "bad" : free < diskFreeLow ? "warn" : "good";
  const text = `${bytes(disk.freeBytes)} of ${bytes(disk.totalBytes)} are free.`;
  return { name: "Disk", tone, text };
}

function loopCheck({ eventLoop }: ServerStatus): Check {
  const ms = eventLoop.delayP99Ms;
  const tone = ms > delayMsMax ? "bad" : ms > delayMsHigh ? "warn" : "good";
  return { name: "Load", tone, text: `Requests wait ${duration(ms)} for their turn (p99).` };
}

function payoutsCheck({ payouts }: ServerStatus): Check {
  const { requested } = payouts;
  const about = { name: "Payouts", href: "/operator/payouts" };
  if (requested === 0) return { ...about, tone: "good", text: "None waits for you." };
  return {
    ...about,
    tone: "warn",
    text: `${count(requested)} ${requested === 1 ? "waits" : "wait"} for you.`,
  };
}
