import { defineProperty, includesText, split } from "./primordials.ts";

/**
 * RFC 4180 rows. Without a quote in the text, a row is a line and its fields lie between commas; with one, the text is
 * read field by field. Leniently: a quote inside an unquoted field stands for itself, and so does text after a closing
 * quote.
 */
export function parseCsv(text: string): string[][] {
  if (includesText(text, '"')) return parseQuoted(text);
  const lines = split(text, "\n");
  const rows: string[][] = [];
  for (let i = 0; i < lines.length; i++) rows[i] = split(lines[i]!, ",");
  return rows;
}

function parseQuoted(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) {
          field += text.slice(at);
          at = text.length;
          break;
        }
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
    }
    const end = fieldEnd(text, at);
    row[row.length] = end > at ? field + text.slice(at, end) : field;
    at = end + 1;
    if (end < text.length && text[end] === ",") continue;
    rows[rows.length] = row;
    if (end >= text.length) return rows;
    row = [];
  }
}

function fieldEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 44 || code === 10) return at;
  }
  return text.length;
}

/** A row as an object keyed by column. Missing fields are "", fields beyond the columns are left out. */
export function toRecord(
  columns: readonly string[],
  fields: readonly string[],
): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    const value = fields[i] ?? "";
    if (column !== "__proto__") record[column] = value;
    else
      defineProperty(record, column, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
  }
  return record;
}
