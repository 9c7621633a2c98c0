/** Numbers for people: short, with units, the same in every locale. All pure. */

/** 1,234,567 */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** 1.23M: three significant digits and a decimal prefix. */
export function short(value: number): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  let rest = Math.abs(value);
  let power = 0;
  while (rest >= 999.5 && power < prefixes.length - 1) {
    rest /= 1000;
    power++;
  }
  const digits = power === 0 && Number.isInteger(rest) ? 0 : rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${value < 0 ? "-" : ""}${rest.toFixed(digits)}${prefixes[power]}`;
}

/** 12.3 MB: decimal, as disks and networks count. */
export function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`;
  const text = short(value);
  return `${text.slice(0, -1)} ${text.at(-1)!.replace("k", "K")}B`;
}

/** 0.4 ms, 12 ms, 3.2 s, 2 min 05 s, 3 h 20 min */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600)
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
}

/** About how long ago, or to go: one unit. */
export function roughly(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A metric: enough digits to see it move, no more. */
export function metric(value: number | null): string {
  if (value === null) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return count(value).replace("-,", "-");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return value.toFixed(size >= 100 ? 1 : size >= 1 ? 3 : 4);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const blocks = "▁▂▃▄▅▆▇█";

/** A line of blocks scaled to its own extremes; more values than cells are averaged. Null values are gaps. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const cells = resample(values, width);
  const known = cells.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  return cells
    .map((value) => (value === null ? " " : blocks[Math.round(((value - low) / span) * 7)]))
    .join("");
}

export function resample(values: readonly (number | null)[], width: number): (number | null)[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, cell) => {
    const from = Math.floor((cell * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((cell + 1) * values.length) / width));
    const known = values.slice(from, to).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
const controls = /\u001b\[[0-9;]*m/g;

/** Columns that a text takes; every character we draw is one column wide. */
export function visibleWidth(text: string): number {
  return [...text.replace(controls, "")].length;
}

export interface Column {
  title: string;
  /** Numbers line up at the right. */
  right?: boolean;
}

/** Rows in aligned columns, a dim head above; the last column is cut to the width. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { dim: (text: string) => string; width: number },
): string[] {
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...rows.map((row) => visibleWidth(row[at] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const gap = " ".repeat(Math.max(0, widths[at]! - visibleWidth(cell)));
        if (columns[at]!.right) return gap + cell;
        if (at < columns.length - 1) return cell + gap;
        const room = options.width - widths.slice(0, -1).reduce((sum, w) => sum + w + 2, 0);
        return cut(cell, Math.max(8, room));
      })
      .join("  ")
      .trimEnd();
  return [options.dim(line(columns.map((column) => column.title))), ...rows.map(line)];
}

/** At most `width` characters, the last an ellipsis when something was left out. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}
