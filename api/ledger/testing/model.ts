import { GridError } from "../../../protocol/errors.ts";
import { microMax } from "../../../protocol/money.ts";
import type { Applied, Balance, Transfer } from "../port.ts";

interface Kept {
  transfer: Transfer;
  state: "posted" | "pending" | "voided" | "expired";
  postedMicro: number;
}

interface Account {
  posted: number;
  out: number;
  in: number;
}

/** What a ledger is, in maps: no database, no statements, no cleverness. */
export class LedgerModel {
  accounts = new Map<string, Account>();
  transfers = new Map<string, Kept>();

  /** @throws GridError with the code that the ledger must give; then nothing has changed */
  apply(transfers: readonly Transfer[], nowMs: number): Applied[] {
    const accounts = new Map([...this.accounts].map(([name, account]) => [name, { ...account }]));
    const known = new Set(this.transfers.keys());
    try {
      return transfers.map((transfer) => this.#one(transfer, nowMs));
    } catch (error) {
      this.accounts = accounts;
      for (const id of this.transfers.keys()) if (!known.has(id)) this.transfers.delete(id);
      throw error;
    }
  }

  #one(transfer: Transfer, nowMs: number): Applied {
    const known = this.transfers.get(transfer.id);
    if (known) {
      if (sameContent(known.transfer, transfer)) return "exists";
      throw new GridError("transfer-conflict", "model");
    }
    const { debit, credit, micro, pendingUntilMs } = transfer;
    if (pendingUntilMs !== undefined && pendingUntilMs <= nowMs)
      throw new GridError("bad-request", "model");
    if (this.balance(debit).available - micro < (debit === "mint" ? -microMax : 0))
      throw new GridError("insufficient-credits", "model");
    const from = this.#account(debit);
    const to = this.#account(credit);
    if (pendingUntilMs === undefined) {
      from.posted -= micro;
      to.posted += micro;
      this.transfers.set(transfer.id, { transfer, state: "posted", postedMicro: micro });
    } else {
      from.out += micro;
      to.in += micro;
      this.transfers.set(transfer.id, { transfer, state: "pending", postedMicro: 0 });
    }
    return "created";
  }

  post(id: string, micro: number | undefined, nowMs: number): Applied {
    const kept = this.#pending(id);
    const { transfer } = kept;
    const part = micro ?? transfer.micro;
    if (part < 1 || part > transfer.micro) throw new GridError("bad-request", "model");
    if (kept.state === "posted" && kept.postedMicro === part) return "exists";
    if (kept.state !== "pending" || nowMs >= transfer.pendingUntilMs!)
      throw new GridError("conflict", "model");
    this.#release(kept);
    this.#account(transfer.debit).posted -= part;
    this.#account(transfer.credit).posted += part;
    kept.state = "posted";
    kept.postedMicro = part;
    return "created";
  }

  void(id: string): Applied {
    const kept = this.#pending(id);
    if (kept.state === "posted") throw new GridError("conflict", "model");
    if (kept.state !== "pending") return "exists";
    this.#release(kept);
    kept.state = "voided";
    return "created";
  }

  expire(nowMs: number): number {
    let count = 0;
    for (const kept of this.transfers.values()) {
      if (kept.state !== "pending" || kept.transfer.pendingUntilMs! > nowMs) continue;
      this.#release(kept);
      kept.state = "expired";
      count++;
    }
    return count;
  }

  balance(name: string): Balance {
    const account = this.accounts.get(name) ?? { posted: 0, out: 0, in: 0 };
    return {
      available: account.posted - account.out,
      pendingOut: account.out,
      pendingIn: account.in,
    };
  }

  /** Ids of an account's transfers, newest first. */
  history(name: string): string[] {
    return [...this.transfers.values()]
      .filter(({ transfer }) => transfer.debit === name || transfer.credit === name)
      .map(({ transfer }) => transfer.id)
      .reverse();
  }

  #pending(id: string): Kept {
    const kept = this.transfers.get(id);
    if (kept?.transfer.pendingUntilMs === undefined) throw new GridError("not-found", "model");
    return kept;
  }

  #release({ transfer: { debit, credit, micro } }: Kept): void {
    this.#account(debit).out -= micro;
    this.#account(credit).in -= micro;
  }

  #account(name: string): Account {
    const account = this.accounts.get(name) ?? { posted: 0, out: 0, in: 0 };
    this.accounts.set(name, account);
    return account;
  }
}

function sameContent(a: Transfer, b: Transfer): boolean {
  const facts = ({ about }: Transfer) => JSON.stringify(Object.entries(about ?? {}).sort());
  return (
    a.kind === b.kind &&
    a.debit === b.debit &&
    a.credit === b.credit &&
    a.micro === b.micro &&
    a.pendingUntilMs === b.pendingUntilMs &&
    facts(a) === facts(b)
  );
}
