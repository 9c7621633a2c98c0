import { formatMinor } from "../../protocol/minor-units.ts";
import type { Payout } from "../index.ts";
import { creditsText } from "./amounts.ts";
import type { Terminal } from "./terminal.ts";

/** One line that says what became of a payout. */
export function show(payout: Payout, terminal: Terminal, json = false): void {
  if (json) {
    terminal.out.write(`${JSON.stringify(payout)}\n`);
    return;
  }
  terminal.out.write(`${payout.id}\n`);
  const { green } = terminal.colors;
  terminal.say(
    `${green("✔")} ${stateOf(payout)}: ${creditsText(payout.credits)} for ${moneyOf(payout)}`,
  );
}

/** What is paid, and what was kept back of it. */
export function moneyOf({ amount, fee, currency, decimals }: Payout): string {
  const less = fee === 0 ? "" : ` (fee ${formatMinor(fee, decimals)})`;
  return `${formatMinor(amount, decimals)} ${currency}${less}`;
}

/** A request that is being paid says so. */
export function stateOf({ state, payingSince }: Payout): string {
  return state === "requested" && payingSince !== undefined ? "being paid" : state;
}
