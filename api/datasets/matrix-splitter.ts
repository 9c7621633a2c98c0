import { isUtf8 } from "node:buffer";
import { recordBytesMax } from "../../protocol/limits.ts";
import { malformed, recordTooLarge } from "./bad-record.ts";
import { ByteWindow } from "./byte-window.ts";
import { readCsvRows } from "./csv-scan.ts";
import { headerColumns } from "./csv-splitter.ts";
import { dropByteOrderMark } from "./line-splitter.ts";
import { readNumber, scanNumberRow } from "./number-scan.ts";
import { shardTarget } from "./shard-target.ts";
import type { CutShard, OnBadRecord, SplitMeta, Splitter } from "./splitter.ts";

const newline = 10;
const valueBytes = Float64Array.BYTES_PER_ELEMENT;

/** matrix from CSV numbers: a row a line, to row-major f64 (little-endian, as every platform Node runs on). */
export class MatrixSplitter implements Splitter {
  readonly meta: SplitMeta = { dtype: "f64" };
  skipped = 0;
  readonly #window = new ByteWindow();
  readonly #header: boolean | "auto";
  readonly #onBadRecord: OnBadRecord;
  readonly #row = { count: 0, next: 0 };
  /** Values in a row; 0 until the first row. */
  #width = 0;
  #shard = new Float64Array(0);
  #rows = 0;
  #rowsTarget = 0;
  #cutBytes = 0;
  #line = 1;
  #searched = 0;
  #started = false;
  #headerSeen = false;

  constructor(header: boolean | "auto", onBadRecord: OnBadRecord) {
    this.#header = header;
    this.#onBadRecord = onBadRecord;
  }

  write(chunk: Uint8Array, emit: (shard: CutShard) => void): void {
    this.#window.push(chunk);
    if (!this.#start(false)) return;
    const view = this.#window.view();
    const last = view.subarray(this.#searched).lastIndexOf(newline);
    if (last >= 0) {
      const whole = this.#searched + last + 1;
      this.#readLines(view, whole, emit);
      this.#window.drop(whole);
    }
    this.#searched = this.#window.length;
    if (this.#searched > recordBytesMax + 1) throw recordTooLarge(this.#line);
  }

  end(emit: (shard: CutShard) => void): void {
    this.#start(true);
    this.#readLines(this.#window.view(), this.#window.length, emit);
    this.#window.drop(this.#window.length);
    this.#emit(emit);
  }

  #start(ended: boolean): boolean {
    if (this.#started) return true;
    if (this.#window.length < 3 && !ended) return false;
    dropByteOrderMark(this.#window);
    this.#started = true;
    return true;
  }

  /** Lines in [0, end) of the window, all whole. */
  #readLines(view: Buffer, end: number, emit: (shard: CutShard) => void): void {
    const row = this.#row;
    for (let at = 0; at < end; this.#line++) {
      if (view[at] === newline || (view[at] === 13 && view[at + 1] === newline)) {
        at += view[at] === newline ? 1 : 2;
        continue;
      }
      if (this.#width === 0 && !this.#readFirst(view, at, end)) {
        at = nextLine(view, at, end);
        continue;
      }
      if (this.#rows === this.#rowsTarget) this.#open();
      scanNumberRow(view, at, end, this.#shard, this.#rows * this.#width, this.#width, row);
      if (row.next >= 0 && row.count === this.#width) {
        if (row.next - at > recordBytesMax + 2) throw recordTooLarge(this.#line);
        at = row.next;
        this.#rows++;
        if (this.#rows === this.#rowsTarget) this.#emit(emit);
        continue;
      }
      if (this.#onBadRecord === "refuse") throw this.#badRow(view, at, end);
      this.skipped++;
      at = nextLine(view, at, end);
    }
  }

  /** The first line that is not blank sets the width. False when it is a header (or was dropped): no row follows. */
  #readFirst(view: Buffer, at: number, end: number): boolean {
    const line = view.subarray(at, lineEnd(view, at, end));
    if (line.length > recordBytesMax) throw recordTooLarge(this.#line);
    if (!isUtf8(line)) throw malformed("it is not valid UTF-8", this.#line);
    const text = line.toString();
    const fields = readCsvRows(text)[0] ?? [];
    const numeric = fields.every((field) => !Number.isNaN(readNumber(field)));
    if (!this.#headerSeen && (this.#header === true || (this.#header === "auto" && !numeric))) {
      this.#headerSeen = true;
      this.meta.columns = headerColumns(text, this.#line);
      this.#setWidth(fields.length);
      return false;
    }
    if (!numeric) {
      if (this.#onBadRecord === "refuse") throw this.#badRow(view, at, end);
      this.skipped++;
      return false;
    }
    this.#setWidth(fields.length);
    return true;
  }

  #setWidth(width: number): void {
    if (width * valueBytes > recordBytesMax) throw recordTooLarge(this.#line);
    this.#width = width;
  }

  #open(): void {
    const rowBytes = this.#width * valueBytes;
    this.#rowsTarget = Math.max(1, Math.floor(shardTarget(this.#cutBytes) / rowBytes));
    this.#shard = new Float64Array(this.#rowsTarget * this.#width);
    this.#rows = 0;
  }

  #emit(emit: (shard: CutShard) => void): void {
    if (this.#rows === 0) return;
    const bytes = Buffer.from(this.#shard.buffer, 0, this.#rows * this.#width * valueBytes);
    this.#cutBytes += bytes.length;
    emit({ bytes, records: this.#rows });
    this.#rows = 0;
    this.#rowsTarget = 0;
  }

  #badRow(view: Buffer, at: number, end: number): Error {
    const fields = view.toString("utf8", at, lineEnd(view, at, end)).split(",");
    const bad = fields.findIndex((field) => Number.isNaN(readNumber(field)));
    if (bad >= 0) {
      const shown = fields[bad]!.trim().slice(0, 40);
      const what = shown === "" ? "it is empty" : `“${shown}” is not a finite number`;
      return malformed(`column ${bad + 1}: ${what}`, this.#line);
    }
    return malformed(`${fields.length} values, but a row has ${this.#width}`, this.#line);
  }
}

/** Where the line's text ends, without its "\r\n" or "\n". */
function lineEnd(view: Buffer, at: number, end: number): number {
  const found = view.indexOf(newline, at);
  if (found < 0 || found >= end) return end;
  return found > at && view[found - 1] === 13 ? found - 1 : found;
}

function nextLine(view: Buffer, at: number, end: number): number {
  const found = view.indexOf(newline, at);
  return found < 0 || found >= end ? end : found + 1;
}
