import { GridError } from "../../protocol/errors.ts";
import { translated } from "../database/faults.ts";
import type { Database } from "../database/open.ts";
import { AccountNumbers } from "./accounts.ts";
import { refusalOf } from "./faults.ts";
import { GroupCommit } from "./group-commit.ts";
import { type Guards, migratedGuards } from "./guards.ts";
import { entryOf, readHistory } from "./history.ts";
import {
  type Applied,
  type Balance,
  expireMax,
  type HistoryFilter,
  type HistoryPage,
  type Ledger,
  type LedgerAccount,
  type Transfer,
} from "./port.ts";
import { type EndRow, prepareStatements, type TransferRow } from "./statements.ts";
import { aboutText, checkBatch, insufficient } from "./transfer.ts";
import { verifyAside, verifyNow } from "./verify.ts";

export interface LedgerOptions {
  database: Database;
  clock: () => number;
}

/** The ledger on SQLite. Its rules are the database's (migrations); this finds accounts and says what was refused. */
export function createLedger({ database, clock }: LedgerOptions): Ledger {
  const { client } = database;
  const statements = prepareStatements(client);
  const accounts = new AccountNumbers(client);

  function insert(transfer: Transfer): Applied {
    const { id, kind, debit, credit, micro, pendingUntilMs } = transfer;
    const nowMs = Math.floor(clock());
    if (pendingUntilMs !== undefined && pendingUntilMs <= nowMs && !statements.find.get(id))
      throw new GridError("bad-request", `Transfer ${id}: it would end before it begins.`, {
        name: id,
      });
    const from = accounts.find(debit);
    if (from === undefined) {
      // An account that nothing was ever paid into. The id may still be that of another transfer.
      const known = statements.find.get(id);
      if (known) return sameOrThrow(known, transfer);
      throw insufficient(debit, 0, micro);
    }
    const to = accounts.findOrMake(credit);
    const about = aboutText(transfer.about);
    try {
      const { insertSingle, insertPending } = statements;
      if (pendingUntilMs === undefined)
        insertSingle.run(id, kind, from, to, micro, about, nowMs, from, to);
      else insertPending.run(id, kind, from, to, micro, about, nowMs, from, to, pendingUntilMs);
      return "created";
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === "id-used") return sameOrThrow(statements.find.get(id)!, transfer);
      if (refusal === "insufficient") throw insufficient(debit, balance(debit).available, micro);
      throw error;
    }
  }

  /** All or none, in the transaction that there is or in its own. */
  function write<T>(work: () => T): T {
    try {
      return database.transaction(work);
    } catch (error) {
      throw translated(error);
    }
  }

  const applyChecked = (transfers: readonly Transfer[]) => write(() => transfers.map(insert));

  function balance(account: LedgerAccount): Balance {
    const row = statements.balance.get(account);
    if (!row) return { available: 0, pendingOut: 0, pendingIn: 0 };
    const { posted, pendingOut, pendingIn } = row;
    return { available: posted - pendingOut, pendingOut, pendingIn };
  }

  function pendingOf(id: string): TransferRow {
    const row = statements.find.get(id);
    if (row?.phase === "pending") return row;
    throw new GridError("not-found", `There is no pending transfer ${id}.`, { name: id });
  }

  const end = (row: EndRow) => void write(() => statements.insertEnd.run(row));

  function historyPage(filter: HistoryFilter): HistoryPage {
    const number = accounts.find(filter.account);
    const head = statements.balance.get(filter.account)?.last;
    if (number === undefined || head === undefined) return { entries: [], next: undefined };
    return readHistory(statements, number, head, filter);
  }

  let migrated: Guards | undefined;
  const guards = () => {
    migrated ??= migratedGuards();
    return migrated;
  };
  const group = new GroupCommit({ database, apply: applyChecked });

  return {
    apply(transfers) {
      checkBatch(transfers);
      accounts.noteCommitted();
      return applyChecked(transfers);
    },

    async submit(transfers) {
      checkBatch(transfers);
      accounts.noteCommitted();
      return group.submit(transfers);
    },

    post(id, micro) {
      const row = pendingOf(id);
      const postedMicro = micro ?? row.pendingMicro;
      if (!Number.isSafeInteger(postedMicro) || postedMicro < 1 || postedMicro > row.pendingMicro)
        throw new GridError("bad-request", `${postedMicro} is no part of transfer ${id}.`, {
          name: id,
          limit: row.pendingMicro,
        });
      if (row.endPhase === "post" && row.endPostedMicro === postedMicro) return "exists";
      const atMs = Math.floor(clock());
      if (row.endPhase !== null || atMs >= row.pendingUntilMs!) throw ended(row);
      end({ pending: row.number, phase: "post", postedMicro, atMs });
      return "created";
    },

    void(id) {
      const row = pendingOf(id);
      if (row.endPhase === "post") throw ended(row);
      if (row.endPhase !== null) return "exists";
      end({ pending: row.number, phase: "void", postedMicro: 0, atMs: Math.floor(clock()) });
      return "created";
    },

    expire(nowMs) {
      const atMs = Math.floor(nowMs);
      return write(() => {
        const due = statements.due.all(atMs, expireMax);
        for (const pending of due)
          statements.insertEnd.run({ pending, phase: "expire", postedMicro: 0, atMs });
        return due.length;
      });
    },

    balance,
    find: (id) => {
      const row = statements.find.get(id);
      return row && entryOf(row);
    },
    history: (filter) => historyPage(filter).entries,
    historyPage,
    verify: (options) => verifyNow(client, guards(), options),
    verifyAside: (options) => verifyAside(client.name, guards(), options),
    close: () => group.close(),
  };
}

/** @throws GridError transfer-conflict */
function sameOrThrow(row: TransferRow, transfer: Transfer): Applied {
  const same =
    row.kind === transfer.kind &&
    row.debit === transfer.debit &&
    row.credit === transfer.credit &&
    row.postedMicro + row.pendingMicro === transfer.micro &&
    row.pendingUntilMs === (transfer.pendingUntilMs ?? null) &&
    row.about === aboutText(transfer.about);
  if (same) return "exists";
  throw new GridError(
    "transfer-conflict",
    `The transfer ${transfer.id} was made before, with other content.`,
    { name: transfer.id, hint: "A repeat gives the same amount, accounts and facts." },
  );
}

function ended({ id, endPhase }: TransferRow): GridError {
  const how = { post: "posted", void: "voided", expire: "expired" }[endPhase ?? "expire"];
  return new GridError("conflict", `The pending transfer ${id} was ${how}.`, { name: id });
}
