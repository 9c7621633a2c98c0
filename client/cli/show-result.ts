import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inspect } from "node:util";
import type { ResultBody } from "../index.ts";
import { cut, bytes as formatBytes } from "./format.ts";
import { UsageError } from "./report.ts";
import type { Terminal } from "./terminal.ts";

const previewLinesMax = 20;
/** Above this an iterative job's value is piped or saved rather than shown. */
const previewBytesMax = 16 * 1024 * 1024;

/**
 * Puts a result where the user wants it: a file, a pipe (whole, byte for byte), or a terminal (a preview when it is
 * long). @throws UsageError for bytes on a terminal
 */
export async function showResult(
  result: ResultBody,
  terminal: Terminal,
  output: string | undefined,
): Promise<void> {
  if (output !== undefined && output !== "-") {
    const file = createWriteStream(output);
    await pipeline(Readable.fromWeb(result.body), file);
    terminal.say(terminal.colors.dim(`${formatBytes(file.bytesWritten)} written to ${output}`));
    return;
  }
  if (!terminal.out.isTTY) {
    await pipeline(Readable.fromWeb(result.body), terminal.out, { end: false });
    return;
  }
  if (!result.isText) {
    await result.body.cancel();
    throw new UsageError(
      `the result is ${result.contentType}, not text for a terminal`,
      "--output FILE saves it, or pipe it on",
    );
  }
  if (result.isLines) await previewLines(result, terminal);
  else await previewValue(result, terminal);
}

/** A value as people read it: on a terminal in colour with long arrays shortened, else as one line of JSON. */
export function valueText(value: unknown, terminal: Terminal): { text: string; whole: boolean } {
  if (!terminal.out.isTTY) return { text: JSON.stringify(value), whole: true };
  const full = JSON.stringify(value);
  const width = terminal.out.columns || 80;
  const text = inspect(rounded(value), {
    colors: terminal.outColors.isColorSupported,
    depth: 6,
    maxArrayLength: 12,
    maxStringLength: 2_000,
    breakLength: width - 1,
    compact: 4,
  });
  return { text, whole: full === undefined || !text.includes(" more ") };
}

/** Six digits are plenty for a look at a number; the whole is in a file or a pipe. */
function rounded(value: unknown): unknown {
  if (typeof value === "number") return Number(value.toPrecision(6));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]));
}

async function previewLines(result: ResultBody, terminal: Terminal): Promise<void> {
  const width = terminal.out.columns || 80;
  const most = Math.min(previewLinesMax, Math.max(5, (terminal.out.rows || 24) - 6));
  let shown = 0;
  let more = false;
  for await (const line of result.textLines()) {
    if (shown === most) {
      more = true;
      break; // which also ends the download
    }
    terminal.out.write(`${cut(line, width)}\n`);
    shown++;
  }
  if (!more) return;
  const rest = result.records === undefined ? "more lines" : `${result.records - shown} more lines`;
  terminal.say(terminal.colors.dim(`… ${rest}; --output FILE or a pipe gets all of them`));
}

async function previewValue(result: ResultBody, terminal: Terminal): Promise<void> {
  const json = await result.text();
  if (json.length > previewBytesMax) {
    terminal.out.write(`${cut(json, 200)}\n`);
    return;
  }
  const { text, whole } = valueText(JSON.parse(json), terminal);
  terminal.out.write(`${text}\n`);
  if (!whole)
    terminal.say(
      terminal.colors.dim(
        `shortened; --output FILE or a pipe gets all ${formatBytes(Buffer.byteLength(json))}`,
      ),
    );
}
