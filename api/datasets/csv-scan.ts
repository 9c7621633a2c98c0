/**
 * RFC 4180 rows, byte by byte:
 *
 *   row start / after comma ──"──▶ quoted ──"──▶ closed ──,──▶ after comma
 *        │ other                    ▲  │ ""        ├─ newline or end ─▶ row end
 *        ▼                          └──┘           └─ other ─▶ problem
 *     unquoted ──,──▶ after comma, ──newline or end──▶ row end, ──"──▶ problem
 *
 * After a problem the row goes on to the end of its line, so that one bad row costs one row. A quote that is never
 * closed costs the line where it opened.
 */
export interface CsvRow {
  /** Where the row's text ends, without its line end. */
  textEnd: number;
  /** Where the next row starts. */
  next: number;
  fields: number;
  /** What is wrong, and where it was noticed. */
  problem: { what: string; at: number } | undefined;
}

const quote = 34;
const comma = 44;
const newline = 10;
const carriageReturn = 13;

/**
 * Reads the row at `from` into `row` (one object for all rows: millions of them would be garbage). False when the row's
 * end is not in `bytes` and more may come (`ended` is false).
 */
export function scanCsvRow(bytes: Buffer, from: number, ended: boolean, row: CsvRow): boolean {
  const length = bytes.length;
  let fields = 1;
  let at = from;
  for (;;) {
    if (at < length && bytes[at] === quote) {
      const opened = at;
      at = closingQuote(bytes, at + 1);
      if (at < 0 || (at + 1 === length && !ended)) {
        return ended && badRow(bytes, opened, fields, "a quote is never closed", ended, row);
      }
      at++;
      if (at < length && bytes[at] !== comma && !isRowEnd(bytes, at)) {
        if (at + 1 === length && bytes[at] === carriageReturn && !ended) return false;
        return badRow(bytes, at, fields, "text after a closing quote", ended, row);
      }
    } else {
      while (at < length && bytes[at] !== comma && bytes[at] !== newline && bytes[at] !== quote)
        at++;
      if (at < length && bytes[at] === quote)
        return badRow(bytes, at, fields, "a quote inside an unquoted field", ended, row);
    }
    if (at >= length) return ended && set(row, length, length, fields, undefined);
    if (bytes[at] !== comma) return rowEnd(bytes, from, at, fields, row);
    fields++;
    at++;
  }
}

/** Where the closing quote of a field is ("" inside stands for one quote), or -1. */
function closingQuote(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(quote, from);
  while (at >= 0 && bytes[at + 1] === quote) at = bytes.indexOf(quote, at + 2);
  return at;
}

function isRowEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === newline || (bytes[at] === carriageReturn && bytes[at + 1] === newline);
}

function set(
  row: CsvRow,
  textEnd: number,
  next: number,
  fields: number,
  problem: CsvRow["problem"],
): true {
  row.textEnd = textEnd;
  row.next = next;
  row.fields = fields;
  row.problem = problem;
  return true;
}

/** `at` is at the newline, or at the carriage return before it. */
function rowEnd(bytes: Buffer, from: number, at: number, fields: number, row: CsvRow): true {
  if (bytes[at] === carriageReturn) return set(row, at, at + 2, fields, undefined);
  const textEnd = at > from && bytes[at - 1] === carriageReturn ? at - 1 : at;
  return set(row, textEnd, at + 1, fields, undefined);
}

function badRow(
  bytes: Buffer,
  at: number,
  fields: number,
  what: string,
  ended: boolean,
  row: CsvRow,
): boolean {
  const end = bytes.indexOf(newline, at);
  if (end < 0) return ended && set(row, bytes.length, bytes.length, fields, { what, at });
  return set(row, end, end + 1, fields, { what, at });
}

/**
 * Rows of a region without any quote or "\r\n" and without its last newline, when every row has `columns` fields and
 * none is empty; else -1. The fast path: one pass with two comparisons a byte.
 */
export function countPlainRows(bytes: Buffer, columns: number): number {
  const length = bytes.length;
  let rows = 0;
  let fields = 1;
  let rowStart = 0;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at]!;
    if (byte === comma) fields++;
    else if (byte === newline) {
      if (fields !== columns || at === rowStart) return -1;
      rows++;
      fields = 1;
      rowStart = at + 1;
    }
  }
  return fields === columns && rowStart < length ? rows + 1 : -1;
}

/** The fields of well-formed rows, unquoted: for headers and previews, not for volume. */
export function readCsvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at <= text.length; ) {
    let field: string;
    if (text[at] === '"') {
      let end = text.indexOf('"', at + 1);
      while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
      if (end < 0) end = text.length;
      field = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      const end = text.slice(at).search(/,|\r?\n/);
      field = end < 0 ? text.slice(at) : text.slice(at, at + end);
      at = end < 0 ? text.length : at + end;
    }
    row.push(field);
    if (text[at] === ",") {
      at++;
      continue;
    }
    rows.push(row);
    row = [];
    at += text[at] === "\r" ? 2 : 1;
  }
  return rows;
}
