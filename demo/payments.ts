import type { Client } from "../client/index.ts";
import { sleep } from "../client/retry.ts";
import { formatCredits, microOf } from "../protocol/money.ts";
import { handles, type People } from "./platform.ts";
import type { Stage } from "./stage.ts";

/** What calls cost is charged together, a few times a second: balances that rest so long have all of it. */
const restMs = 800;
const settledMsMax = 10_000;

export type Balances = Record<keyof People, number>;

/** What each can spend, microcredits. */
export async function balancesOf(people: People, signal: AbortSignal): Promise<Balances> {
  const of = async ({ wallet }: Client) => {
    const { available, held } = await wallet.get({ signal });
    return microOf(available) + microOf(held);
  };
  const [author, consumer, provider] = await Promise.all([
    of(people.author),
    of(people.consumer),
    of(people.provider),
  ]);
  return { author, consumer, provider };
}

/** What moved between the three since their balances were `before`. */
export async function showPayments(
  people: People,
  before: Balances,
  stage: Stage,
  signal: AbortSignal,
): Promise<void> {
  stage.chapter("Who paid whom");
  const after = await atRest(people, signal);
  const spent = before.consumer - after.consumer;
  const work = after.provider - before.provider;
  const royalty = after.author - before.author;
  const rows: [who: string, micro: number, what: string][] = [
    [handles.consumer, -spent, "paid for counts, training, test and calls"],
    [handles.provider, work, "was paid for the work of the machine"],
    [handles.author, royalty, "was paid a royalty on the functions"],
    ["the platform", spent - work - royalty, "kept its fee"],
  ];
  const { bold, dim, green } = stage.terminal.outColors;
  for (const [who, micro, what] of rows) {
    const amount = `${micro < 0 ? "−" : "+"} ${formatCredits(Math.abs(micro))}`.padEnd(20);
    stage.line(`  ${bold(who.padEnd(13))} ${micro < 0 ? amount : green(amount)} ${dim(what)}`);
  }
  stage.result(
    "credits",
    `${handles.consumer} paid ${formatCredits(spent)}, of which ${handles.provider} got ${formatCredits(work)}`,
  );
}

async function atRest(people: People, signal: AbortSignal): Promise<Balances> {
  const deadlineMs = Date.now() + settledMsMax;
  let balances = await balancesOf(people, signal);
  for (;;) {
    await sleep(restMs, signal);
    const later = await balancesOf(people, signal);
    const same = Object.entries(later).every(
      ([who, micro]) => micro === balances[who as keyof People],
    );
    if (same || Date.now() > deadlineMs) return later;
    balances = later;
  }
}
