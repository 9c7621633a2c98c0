import { stringify, substring } from "./primordials.ts";

export interface Logs {
  /** Forgets the lines of the run before. */
  clear(): void;
  /** Each task may log so many lines anew. */
  nextTask(): void;
  add(parts: readonly unknown[]): void;
  /** With a last line that says how many were left out. */
  readonly lines: readonly string[];
}

/** What console.log collects: bounded, and dropped beyond the bound, for it is no result. */
export function createLogs(options: { linesPerTaskMax: number; lineCharsMax: number }): Logs {
  let lines: string[] = [];
  let taskLines = 0;
  let dropped = 0;
  return {
    clear() {
      lines = [];
      taskLines = 0;
      dropped = 0;
    },
    nextTask() {
      taskLines = 0;
    },
    add(parts) {
      if (taskLines >= options.linesPerTaskMax) {
        dropped++;
        return;
      }
      taskLines++;
      let line = "";
      for (let i = 0; i < parts.length && line.length <= options.lineCharsMax; i++) {
        line += i === 0 ? show(parts[i]) : ` ${show(parts[i])}`;
      }
      lines[lines.length] =
        line.length > options.lineCharsMax
          ? `${substring(line, 0, options.lineCharsMax - 1)}…`
          : line;
    },
    get lines() {
      return dropped === 0 ? lines : [...lines, `${dropped} more lines were left out`];
    },
  };
}

/** A value for people. Always a primitive string; never throws. */
export function show(value: unknown): string {
  try {
    if (typeof value === "string") return value;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    const text = typeof value === "object" ? stringify(value) : undefined;
    return text ?? `${value}`;
  } catch {
    return `[${typeof value}]`;
  }
}
