import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { isInUse } from "../backup/in-use.ts";
import type { CallTerms } from "./call-charges.ts";

/** A larger file is written anew, with what is not posted. */
const bytesMax = 1024 * 1024;
const ending = ".log";

/** What the calls of one caller, earner and version have come to. */
export interface CallSum {
  /** Names it for ever, and begins the ids of its transfers. */
  id: string;
  caller: string;
  earner: string;
  key: string;
  terms: CallTerms;
  fuel: number;
  calls: number;
  postedFuel: number;
  postedCalls: number;
  /** What of it is being posted, or may have been: what that reaches. */
  pending?: { fuel: number; calls: number };
}

/** A sum of a process that died, and where it stood after each of its calls, in order. */
export interface LeftSum extends CallSum {
  stood: { fuel: number; calls: number }[];
}

export interface CallJournalOptions {
  dataDir: string;
  /** Made of what differs between any two runs of any process. */
  run: string;
  log: { warn(fields: object, text: string): void };
}

/**
 * What calls have cost and the ledger does not know yet, in a file: a process that is killed leaves it to the next one.
 * What is said in one turn of the event loop is written by one write(), which is not flushed: it outlives the process, not
 * the machine. Two kinds of lines: a sum as it stands, with a number; and "NUMBER FUEL CALLS", what is added to it.
 */
export class CallJournal {
  readonly #path: string;
  /** The system lets go of it when the process dies: so others know whether it lives. */
  readonly #lock: SQLite.Database;
  readonly #log: CallJournalOptions["log"];
  readonly #numbers = new Map<string, number>();
  #descriptor: number | undefined;
  #text = "";
  #bytes = 0;
  #flushes: NodeJS.Immediate | undefined;
  #failing = false;

  constructor({ dataDir, run, log }: CallJournalOptions) {
    const folder = folderOf(dataDir);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#path = join(folder, `${run}${ending}`);
    this.#lock = hold(lockOf(this.#path));
    this.#log = log;
    // Where it is, its lock is looked at, and both are removed.
    this.keep([]);
  }

  /** To be called before the call is added to its sum. */
  called(sum: CallSum, fuel: number): void {
    let number = this.#numbers.get(sum.id);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(sum.id, number);
      this.#text += linesOf(number, sum);
    }
    this.#text += `${number} ${fuel} 1\n`;
    this.#flushes ??= setImmediate(() => this.flush());
  }

  /** All but these sums is posted. Not while any is being posted. */
  posted(open: () => Iterable<CallSum>): void {
    if (this.#bytes + this.#text.length < bytesMax) return;
    this.keep(open());
  }

  /** Only these sums are to be remembered. */
  keep(sums: Iterable<CallSum>): void {
    this.#numbers.clear();
    this.#text = "";
    let text = "";
    for (const sum of sums) {
      text += linesOf(this.#numbers.size, sum);
      this.#numbers.set(sum.id, this.#numbers.size);
    }
    this.#guarded(() => {
      // Under its name it is whole at any time.
      writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
      this.#close();
      this.#bytes = text.length;
    });
  }

  flush(): void {
    clearImmediate(this.#flushes);
    this.#flushes = undefined;
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    this.#guarded(() => {
      this.#descriptor ??= openSync(this.#path, "a", 0o600);
      writeSync(this.#descriptor, text);
      this.#bytes += text.length;
    });
  }

  /** Leaves what is not posted to the next process. */
  close(open: readonly CallSum[]): void {
    this.keep(open);
    if (open.length === 0) rmSync(this.#path, { force: true });
    this.#close();
    this.#lock.close();
    rmSync(lockOf(this.#path), { force: true });
  }

  #close(): void {
    clearImmediate(this.#flushes);
    this.#flushes = undefined;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** A disk that takes nothing must not stop calls: they are paid by what is in memory. */
  #guarded(work: () => void): void {
    try {
      work();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#log.warn({ err: error }, "what calls cost cannot be noted");
      this.#failing = true;
    }
  }
}

/** What a dead process has left. */
export interface LeftCalls {
  path: string;
  sums: LeftSum[];
}

/** To be removed once it is kept elsewhere. @param run the one that asks */
export function readLeftCalls(dataDir: string, run: string): LeftCalls[] {
  const folder = folderOf(dataDir);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending) && name !== `${run}${ending}`)
    .map((name) => join(folder, name))
    .filter((path) => !isInUse(lockOf(path)))
    .map((path) => ({ path, sums: sumsOf(readFileSync(path, "utf8")) }));
}

export function removeLeftCalls(left: readonly LeftCalls[]): void {
  for (const { path } of left)
    for (const file of [path, lockOf(path)]) rmSync(file, { force: true });
}

function folderOf(dataDir: string): string {
  return join(dataDir, "calls");
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

function hold(path: string): SQLite.Database {
  const lock = new SQLite(path);
  lock.pragma("locking_mode = EXCLUSIVE");
  // Nothing is ever written to it.
  lock.pragma("journal_mode = MEMORY");
  lock.exec("BEGIN EXCLUSIVE; COMMIT");
  return lock;
}

/** In two steps when a part of it is pending: that it stood there must be known. */
function linesOf(number: number, sum: CallSum): string {
  const { id, caller, earner, key, terms, postedFuel, postedCalls, pending } = sum;
  const { fuel, calls } = pending ?? sum;
  const kept = { id, caller, earner, key, terms, fuel, calls, postedFuel, postedCalls };
  const line = `${JSON.stringify({ number, ...kept })}\n`;
  return pending ? `${line}${number} ${sum.fuel - fuel} ${sum.calls - calls}\n` : line;
}

/** The last line may be cut off, and others where the disk was full. */
function sumsOf(text: string): LeftSum[] {
  const sums = new Map<number, LeftSum>();
  for (const line of text.split("\n").slice(0, -1)) {
    const begun = numberedSumOf(line);
    if (begun) {
      const { number, ...sum } = begun;
      sums.set(number, { ...sum, stood: [{ fuel: sum.fuel, calls: sum.calls }] });
      continue;
    }
    const [number, fuel, calls] = line.split(" ").map(Number) as [number, number, number];
    const sum = sums.get(number);
    if (!sum || !Number.isSafeInteger(fuel) || !Number.isSafeInteger(calls)) continue;
    sum.fuel += fuel;
    sum.calls += calls;
    sum.stood.push({ fuel: sum.fuel, calls: sum.calls });
  }
  return [...sums.values()];
}

function numberedSumOf(line: string): (CallSum & { number: number }) | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as CallSum & { number: number };
  } catch {
    return undefined;
  }
}
