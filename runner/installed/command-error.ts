/** What went wrong, for the person at the terminal, and what to do about it. */
export class CommandError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, hint?: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.name = "CommandError";
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** The server does not take this machine's key any more: starting again would not help. */
  dismissed: 77,
} as const;
