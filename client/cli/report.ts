import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { GridError, type SourcePosition } from "../../protocol/errors.ts";
import { ConnectionError } from "../connection-error.ts";
import type { Terminal } from "./terminal.ts";

/** Exit codes; `sparegrid --help` lists them. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A mistake in how a command was called; exits with 2. */
export class UsageError extends Error {
  override name = "UsageError";
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Ends a command with this code; whatever there was to say has been said. */
export class Exit extends Error {
  override name = "Exit";
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Reads the author's file at a position, if it can; for code frames. */
export type SourceReader = (file: string) => Promise<string | undefined>;

/**
 * Says what went wrong:
 *
 *   error: message
 *     at file:line:column
 *     hint: what to do
 *
 * with the line of code and a caret when the position is in a file at hand. Returns the exit code.
 */
export async function reportError(
  terminal: Terminal,
  error: unknown,
  readSource?: SourceReader,
): Promise<number> {
  if (error instanceof Exit) return error.code;
  const { colors, say } = terminal;
  const hint = (text: string | undefined): void => {
    if (text !== undefined && text !== "") say(`  ${colors.cyan("hint:")} ${text}`);
  };
  say(`${colors.red(colors.bold("error:"))} ${messageOf(error)}`);
  if (error instanceof GridError) {
    const { at, frames, hint: hinted } = error.details;
    if (at !== undefined) {
      say(`  at ${colors.cyan(`${at.file}:${at.line}:${at.column}`)}`);
      for (const line of await codeFrame(at, terminal, readSource)) say(line);
    } else for (const frame of frames?.slice(0, 5) ?? []) say(`  ${frame}`);
    const where = whereOf(error);
    if (where !== "") say(colors.dim(`  ${where}`));
    hint(hinted ?? hintOf(error));
  } else if (error instanceof ConnectionError || error instanceof UsageError) {
    hint(error.hint);
  } else if (process.env.DEBUG !== undefined && error instanceof Error) {
    say(colors.dim(error.stack ?? ""));
  }
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

export function messageOf(error: unknown): string {
  if (error instanceof GridError) return `${error.message} ${`(${error.code})`}`;
  return error instanceof Error ? error.message : String(error);
}

function whereOf(error: GridError): string {
  const { entry, record, line, shard, param } = error.details;
  return [
    entry && `in ${entry}`,
    line !== undefined && `line ${line}`,
    record !== undefined && `record ${record}`,
    shard !== undefined && `shard ${shard}`,
    param && `parameter ${param}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** For errors whose remedy is a command. */
function hintOf(error: GridError): string | undefined {
  switch (error.code) {
    case "unauthorized":
      return "sparegrid login gets a key; `sparegrid doctor` says which one is used";
    case "no-runner":
      return "start one: sparegrid runner, on any machine";
    case "result-not-ready":
      return "sparegrid watch follows a job to its end";
    default:
      return undefined;
  }
}

const linesAround = 1;

async function codeFrame(
  at: SourcePosition,
  terminal: Terminal,
  readSource: SourceReader = readLocal,
): Promise<string[]> {
  const text = await readSource(at.file);
  const lines = text?.split(/\r?\n/);
  if (lines === undefined || at.line < 1 || at.line > lines.length) return [];
  const { colors } = terminal;
  const from = Math.max(1, at.line - linesAround);
  const to = Math.min(lines.length, at.line + linesAround);
  const margin = String(to).length;
  const frame: string[] = [];
  for (let number = from; number <= to; number++) {
    const code = lines[number - 1]!.replaceAll("\t", " ");
    const gutter = `${String(number).padStart(margin)} │`;
    if (number !== at.line) {
      frame.push(colors.dim(`    ${gutter} ${code}`.trimEnd()));
      continue;
    }
    frame.push(`  ${colors.red(">")} ${colors.dim(gutter)} ${code}`);
    const caret = " ".repeat(Math.max(0, at.column - 1));
    frame.push(`    ${" ".repeat(margin)} ${colors.dim("│")} ${caret}${colors.red("^")}`);
  }
  return frame;
}

async function readLocal(file: string): Promise<string | undefined> {
  return readFile(resolve(file), "utf8").catch(() => undefined);
}
