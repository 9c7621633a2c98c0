import { GridError } from "../../protocol/errors.ts";
import { transferKinds } from "../../protocol/http-ledger.ts";
import { formatCredits, microMax } from "../../protocol/money.ts";
import {
  type About,
  aboutCharsMax,
  type LedgerAccount,
  type Transfer,
  transfersPerBatchMax,
} from "./port.ts";

const accountPattern = /^(?:mint|platform|paid|(?:wallet|job|campaign|payout):[\w.-]{1,180})$/;
const kinds: ReadonlySet<string> = new Set(transferKinds);

/** @throws GridError bad-request naming what is wrong with which transfer */
export function checkBatch(transfers: readonly Transfer[]): void {
  if (transfers.length > transfersPerBatchMax)
    throw new GridError(
      "bad-request",
      `${transfers.length} transfers are too many at once: at most ${transfersPerBatchMax}.`,
      { limit: transfersPerBatchMax },
    );
  for (const transfer of transfers) checkTransfer(transfer);
}

function checkTransfer({ id, kind, debit, credit, micro, about, pendingUntilMs }: Transfer): void {
  if (id.length < 1 || id.length > 200)
    throw refused(id, "an id has 1 to 200 characters, and this one", `${id.length}`);
  if (!kinds.has(kind)) throw refused(id, "there is no kind", `"${kind}"`);
  for (const account of [debit, credit])
    if (!accountPattern.test(account)) throw refused(id, "there is no such account:", account);
  if (debit === credit) throw refused(id, "an account pays itself:", debit);
  if (!Number.isSafeInteger(micro) || micro < 1 || micro > microMax)
    throw refused(id, `an amount is a whole number from 1 to ${microMax} microcredits, not`, micro);
  if (pendingUntilMs !== undefined && !(Number.isSafeInteger(pendingUntilMs) && pendingUntilMs > 0))
    throw refused(id, "pendingUntilMs is a time in whole milliseconds, not", pendingUntilMs);
  if (about !== undefined) checkAbout(id, about);
}

function checkAbout(id: string, about: About): void {
  for (const [name, value] of Object.entries(about))
    if (typeof value === "number" ? !Number.isFinite(value) : typeof value !== "string")
      throw refused(id, `about.${name} is neither text nor a finite number:`, String(value));
  const { length } = JSON.stringify(about);
  if (length > aboutCharsMax)
    throw refused(id, `about has at most ${aboutCharsMax} characters, not`, length);
}

function refused(id: string, what: string, value: string | number): GridError {
  return new GridError("bad-request", `Transfer ${id.slice(0, 200)}: ${what} ${value}.`, {
    name: id.slice(0, 200),
  });
}

/** The same facts give the same text, in whatever order they were given. Null when there are none. */
export function aboutText(about: About | undefined): string | null {
  if (about === undefined) return null;
  const names = Object.keys(about);
  if (names.length === 0) return null;
  return names.length === 1 ? JSON.stringify(about) : JSON.stringify(about, names.sort());
}

export function insufficient(account: LedgerAccount, available: number, micro: number): GridError {
  const name = nameOf(account);
  return new GridError(
    "insufficient-credits",
    `${name} has ${formatCredits(available)}, and ${formatCredits(micro)} are needed.`,
    { name: account },
  );
}

function nameOf(account: LedgerAccount): string {
  if (account === "mint") return "The mint";
  if (account === "platform") return "The platform's account";
  const [kind, id] = account.split(":");
  if (kind === "wallet") return "The wallet";
  if (kind === "job") return `The hold of job ${id}`;
  if (kind === "campaign") return `The budget of campaign ${id}`;
  return `The account ${account}`;
}
