import type { DestinationStream } from "pino";

const linesMax = 500;

export interface LogLine {
  at: string;
  level: "debug" | "info" | "warn" | "error";
  message: string;
  /** What else was logged with it, as text. */
  fields: Record<string, string>;
}

const levels: Record<number, LogLine["level"]> = { 20: "debug", 30: "info", 40: "warn" };

/** The last lines of the log, for the page, on their way to where the log goes. */
export class LogRing implements DestinationStream {
  readonly #next: DestinationStream;
  readonly #lines: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();

  constructor(next: DestinationStream) {
    this.#next = next;
  }

  /** Oldest first. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  write(text: string): void {
    this.#next.write(text);
    const line = parse(text);
    this.#lines.push(line);
    if (this.#lines.length > linesMax) this.#lines.shift();
    for (const listener of this.#listeners) listener(line);
  }

  /** Is told of each line. Returns what ends it. */
  watch(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** As pino writes it. */
function parse(text: string): LogLine {
  const { level, time, msg, err, ...rest } = JSON.parse(text) as Record<string, unknown> & {
    level: number;
    time: number;
    err?: { message?: unknown };
  };
  const fields = Object.entries({ ...rest, ...(err && { error: err.message }) });
  return {
    at: new Date(time).toISOString(),
    level: levels[level] ?? "error",
    message: String(msg ?? ""),
    fields: Object.fromEntries(
      fields.map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  };
}
