/** One line of the table: a figure of ours, its peer's from the same run, and what is to be reached. */
export interface Row {
  measure: string;
  ours: string;
  peer: string;
  ratio: string;
  /** Empty for a comparison that nothing is asked of. */
  reach: string;
  reached?: boolean;
  /** Does not depend on how busy the machine is: a reach that is missed fails the command. */
  steady?: boolean;
}

export interface BenchOptions {
  /** Short run that only proves that the command works: fewer turns, smaller inputs. Its figures mean nothing. */
  smoke: boolean;
  log: (line: string) => void;
}

export interface Bench {
  name: string;
  /** What it measures and against whom. */
  about: string;
  run(options: BenchOptions): Promise<Row[]>;
}

export function table(rows: readonly Row[]): string {
  const head = { measure: "measure", ours: "ours", peer: "peer", ratio: "ratio", reach: "reach" };
  const columns = Object.keys(head) as (keyof typeof head)[];
  const widths = columns.map((column) =>
    Math.max(head[column].length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => cell.padEnd(widths[i]!)).join("  ");
  return [
    `   ${line(columns.map((column) => head[column]))}`,
    `   ${line(widths.map((width) => "─".repeat(width)))}`,
    ...rows.map(
      (row) =>
        `${row.reached === undefined ? " " : row.reached ? "✓" : "✗"}  ${line(columns.map((column) => row[column]))}`,
    ),
  ].join("\n");
}

export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
export const perSecond = (value: number) => `${Math.round(value).toLocaleString("en-US")}/s`;
export const times = (value: number) => `${value.toFixed(2)}×`;
export const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;
export const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
