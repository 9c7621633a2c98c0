/**
 * The one global that a function has besides the language's own. What it logs is shown among a job's events: 20 lines a
 * task, 400 characters a line. It is no part of the result.
 */
export interface GuestConsole {
  log(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
  debug(...parts: unknown[]): void;
  group(...parts: unknown[]): void;
  table(...parts: unknown[]): void;
  /** Does nothing. */
  groupEnd(): void;
  /** Does nothing. */
  trace(...parts: unknown[]): void;
  /** Does nothing. */
  assert(...parts: unknown[]): void;
  /** Does nothing: there is no clock. */
  time(label?: string): void;
  /** Does nothing: there is no clock. */
  timeEnd(label?: string): void;
}
