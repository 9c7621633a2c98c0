export type Preview =
  | { type: "picture"; contentType: string; url: string; bytes: number }
  | { type: "pairs"; pairs: { key: string; value: unknown }[]; more: boolean }
  | { type: "records"; records: unknown[]; more: boolean }
  | { type: "value"; text: string; more: boolean; value: unknown }
  | { type: "bytes"; contentType: string };

const recordsMax = 50_000;
const textCharsMax = 20_000;

/** NDJSON: pairs of a mapReduce, or a record for each input. A last line that was cut is left out. Pure. */
export function lines(text: string, cut: boolean): Preview {
  const all = text.split("\n").filter((line) => line !== "");
  if (cut) all.pop();
  const records = all.slice(0, recordsMax).map((line) => JSON.parse(line) as unknown);
  return previewOfRecords(records, cut || all.length > recordsMax);
}

/** Pure. @param more there are others */
export function previewOfRecords(records: unknown[], more: boolean): Preview {
  if (records.length > 0 && records.every(isPair)) return { type: "pairs", pairs: records, more };
  return { type: "records", records, more };
}

/** One JSON value: a list of objects is a table, anything else is shown as it is. Pure. */
export function value(text: string, cut: boolean): Preview {
  if (cut)
    return { type: "value", text: text.slice(0, textCharsMax), more: true, value: undefined };
  const parsed: unknown = JSON.parse(text);
  if (Array.isArray(parsed) && parsed.length > 0 && parsed.every(isPlainRecord))
    return {
      type: "records",
      records: parsed.slice(0, recordsMax),
      more: parsed.length > recordsMax,
    };
  const pretty = prettyOf(parsed);
  return {
    type: "value",
    text: pretty.slice(0, textCharsMax),
    more: pretty.length > textCharsMax,
    value: parsed,
  };
}

/** JSON with each list of numbers on one line: matrices read as such. Pure. */
export function prettyOf(parsed: unknown): string {
  return JSON.stringify(parsed, undefined, 2).replace(
    /\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g,
    (_, list: string) => `[${list.replace(/\s+/g, " ")}]`,
  );
}

function isPair(record: unknown): record is { key: string; value: unknown } {
  if (!isPlainRecord(record)) return false;
  const names = Object.keys(record);
  return names.length === 2 && typeof record.key === "string" && "value" in record;
}

function isPlainRecord(record: unknown): record is Record<string, unknown> {
  return typeof record === "object" && record !== null && !Array.isArray(record);
}

/** The pairs with the largest numbers, largest first; none when values are no numbers. Pure. */
export function largest(
  pairs: readonly { key: string; value: unknown }[],
  most: number,
): { label: string; value: number }[] {
  const numbers = pairs.flatMap(({ key, value: number }) =>
    typeof number === "number" ? [{ label: key, value: number }] : [],
  );
  if (numbers.length < pairs.length) return [];
  return numbers.sort((a, b) => b.value - a.value).slice(0, most);
}

/** Columns and rows of a table of records, objects or not. Pure. */
export function tableOf(
  records: readonly unknown[],
  rowsMax: number,
): { columns: string[]; rows: string[][] } {
  const shown = records.slice(0, rowsMax);
  if (!shown.every(isPlainRecord))
    return { columns: ["value"], rows: shown.map((record) => [cell(record)]) };
  const columns = [...new Set(shown.flatMap((record) => Object.keys(record)))].slice(0, 12);
  return { columns, rows: shown.map((record) => columns.map((name) => cell(record[name]))) };
}

function cell(content: unknown): string {
  if (content === undefined) return "";
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
