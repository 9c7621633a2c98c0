import { isUtf8 } from "node:buffer";
import { recordBytesMax } from "../../protocol/limits.ts";
import { malformed, recordTooLarge } from "./bad-record.ts";
import { ByteWindow } from "./byte-window.ts";
import { countNewlines } from "./count-newlines.ts";
import { type CsvRow, countPlainRows, readCsvRows, scanCsvRow } from "./csv-scan.ts";
import { dropByteOrderMark, joinLines, normalizeLineEnds } from "./line-splitter.ts";
import { shardTarget } from "./shard-target.ts";
import type { CutShard, OnBadRecord, SplitMeta, Splitter } from "./splitter.ts";

const quote = 34;
const newline = 10;

/**
 * csv: RFC 4180 with a header row. Where no quote is near, a cut is one backward search and a row costs two comparisons
 * a byte; otherwise rows are scanned. A parser library is no help: csv-parse is far slower than the network, and the fields' values
 * are not needed here. Blank lines are ignored (a single empty field is written as `""`).
 */
export class CsvSplitter implements Splitter {
  readonly meta: SplitMeta = {};
  skipped = 0;
  readonly #window = new ByteWindow();
  readonly #onBadRecord: OnBadRecord;
  #cutBytes = 0;
  #line = 1;
  /** The window's length that is worth another look; doubles while one row does not end. */
  #wanted = 1;
  #started = false;
  readonly #row: CsvRow = { textEnd: 0, next: 0, fields: 0, problem: undefined };

  constructor(onBadRecord: OnBadRecord) {
    this.#onBadRecord = onBadRecord;
  }

  write(chunk: Uint8Array, emit: (shard: CutShard) => void): void {
    this.#window.push(chunk);
    while (this.#step(false, emit));
  }

  end(emit: (shard: CutShard) => void): void {
    while (this.#step(true, emit));
  }

  #step(ended: boolean, emit: (shard: CutShard) => void): boolean {
    if (!this.#started) {
      if (this.#window.length < 3 && !ended) return false;
      dropByteOrderMark(this.#window);
      this.#started = true;
    }
    if (this.#window.length === 0 || (this.#window.length < this.#wanted && !ended)) return false;
    if (this.meta.columns === undefined) return this.#readHeader(ended);
    const target = shardTarget(this.#cutBytes);
    const view = this.#window.view();
    if (view.length < target && !ended) return false;
    const near = view.subarray(0, Math.min(target, view.length));
    if (near.indexOf(quote) < 0) {
      const cut = view.length < target ? view.length : view.lastIndexOf(newline, target - 1) + 1;
      if (cut > 0 && this.#cutPlain(view.subarray(0, cut), emit)) return true;
    }
    return this.#cutScanned(view, target, ended, emit);
  }

  #readHeader(ended: boolean): boolean {
    const view = this.#window.view();
    const row = this.#row;
    if (!this.#scan(view, 0, ended)) return false;
    if (row.problem !== undefined) throw this.#problem(view, 0, row.problem);
    if (row.textEnd > 0) {
      const text = view.subarray(0, row.textEnd);
      if (!isUtf8(text)) throw malformed("the header is not valid UTF-8", this.#line);
      this.meta.columns = headerColumns(text.toString(), this.#line);
    }
    this.#line += countNewlines(view.subarray(0, row.next));
    this.#window.drop(row.next);
    return true;
  }

  /** A region without quotes whose rows are all alike; false when it needs the scanner. */
  #cutPlain(region: Buffer, emit: (shard: CutShard) => void): boolean {
    const normal = normalizeLineEnds(region);
    const end = normal[normal.length - 1] === newline ? normal.length - 1 : normal.length;
    const text = normal.subarray(0, end);
    const rows = countPlainRows(text, this.meta.columns!.length);
    if (rows < 0 || !isUtf8(text)) return false;
    const bytes = Buffer.allocUnsafeSlow(text.length);
    bytes.set(text);
    this.#consume(region.length, rows);
    emit({ bytes, records: rows });
    return true;
  }

  #cutScanned(
    view: Buffer,
    target: number,
    ended: boolean,
    emit: (shard: CutShard) => void,
  ): boolean {
    // Neighbouring rows are kept as one run, so that a region without anything to drop is one copy.
    const kept: Buffer[] = [];
    let runFrom = 0;
    let runTo = -1;
    let records = 0;
    let at = 0;
    let skipped = 0;
    const row = this.#row;
    // The window may end inside a character, which is no fault: then the rows are checked one by one.
    const utf8 = isUtf8(view);
    while (at < view.length) {
      if (!this.#scan(view, at, ended) || (at > 0 && row.next > target)) break;
      const problem = row.textEnd === at ? undefined : this.#rowProblem(view, at, row, utf8);
      if (problem !== undefined) {
        if (this.#onBadRecord === "refuse") throw this.#problem(view, at, problem);
        skipped++;
      } else if (row.textEnd > at) {
        if (at !== runTo + 1) {
          if (runTo > runFrom) kept.push(view.subarray(runFrom, runTo));
          runFrom = at;
        }
        runTo = row.textEnd;
        records++;
      }
      at = row.next;
    }
    if (at === 0) return false;
    if (runTo > runFrom) kept.push(view.subarray(runFrom, runTo));
    const bytes = joinLines(kept);
    this.skipped += skipped;
    this.#consume(at, countNewlines(view.subarray(0, at)));
    if (records > 0) emit({ bytes, records });
    return true;
  }

  #consume(bytes: number, lines: number): void {
    this.#window.drop(bytes);
    this.#cutBytes += bytes;
    this.#line += lines;
  }

  /** Reads one row into #row; false when more bytes are needed. @throws GridError record-too-large */
  #scan(view: Buffer, at: number, ended: boolean): boolean {
    const whole = scanCsvRow(view, at, ended, this.#row);
    const length = (whole ? this.#row.textEnd : view.length) - at;
    if (length > recordBytesMax + (whole ? 0 : 2))
      throw recordTooLarge(this.#line + countNewlines(view.subarray(0, at)));
    this.#wanted = !whole && at === 0 ? Math.min(view.length * 2, recordBytesMax + 3) : 1;
    return whole;
  }

  #rowProblem(view: Buffer, at: number, row: CsvRow, utf8: boolean): CsvRow["problem"] {
    if (row.problem !== undefined) return row.problem;
    const columns = this.meta.columns!.length;
    if (row.fields !== columns)
      return { what: `${row.fields} fields, but the header has ${columns}`, at };
    if (!utf8 && !isUtf8(view.subarray(at, row.textEnd)))
      return { what: "it is not valid UTF-8", at };
    return undefined;
  }

  #problem(view: Buffer, from: number, problem: NonNullable<CsvRow["problem"]>): Error {
    return malformed(
      problem.what,
      this.#line + countNewlines(view.subarray(0, Math.max(problem.at, from))),
    );
  }
}

/** @throws GridError malformed-record when names are empty or repeat */
export function headerColumns(header: string, line: number): string[] {
  const columns = (readCsvRows(header)[0] ?? []).map((name) => name.trim());
  const seen = new Set<string>();
  columns.forEach((name, i) => {
    if (name === "") throw malformed(`column ${i + 1} of the header has no name`, line);
    if (seen.has(name)) throw malformed(`the header names “${name}” twice`, line);
    seen.add(name);
  });
  return columns;
}
