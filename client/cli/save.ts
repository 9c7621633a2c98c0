import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { bytes } from "./format.ts";
import type { Terminal } from "./terminal.ts";

/** An answer's body as it comes, into a file or to stdout. */
export async function saveBody(
  { body }: Response,
  terminal: Terminal,
  output: string | undefined,
): Promise<void> {
  const source = body ? Readable.fromWeb(body as NodeStream) : Readable.from([]);
  if (output === undefined || output === "-") {
    await pipeline(source, terminal.out, { end: false });
    return;
  }
  const file = createWriteStream(output);
  await pipeline(source, file);
  terminal.say(terminal.colors.dim(`${bytes(file.bytesWritten)} written to ${output}`));
}
