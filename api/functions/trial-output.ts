import { GridError } from "../../protocol/errors.ts";
import type { TriedOutput } from "../../protocol/http-try.ts";
import type { Json, OutputFormat } from "../../protocol/job.ts";

/** What a page shows of a result. */
const jsonCharsMax = 256 * 1024;
const textCharsShown = 16 * 1024;
/** A picture is shown whole or not at all. */
const bytesMax = 4 * 1024 * 1024;
const bytesShown = 64 * 1024;
/** Beyond it even taking a list apart would hold the server up. */
const parsedBytesMax = 4 * 1024 * 1024;

/** A result, cut to what fits an answer. @throws GridError bad-output when a broken sandbox gave no JSON */
export function trialOutput(
  body: Uint8Array,
  output: OutputFormat,
  contentType: string = output.contentType,
): TriedOutput {
  const whole = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const bytes = whole.byteLength;
  if (output.type === "bytes") {
    const cut = bytes > bytesMax;
    return {
      type: "bytes",
      base64: (cut ? whole.subarray(0, bytesShown) : whole).toString("base64"),
      contentType,
      bytes,
      ...(cut ? { cut: { unit: "bytes", shown: bytesShown, of: bytes } as const } : {}),
    };
  }
  const text = whole.toString("utf8");
  const beginning = (): TriedOutput => {
    const shown = text.slice(0, textCharsShown).toWellFormed();
    const cut = { unit: "characters" as const, shown: shown.length, of: text.length };
    return { type: "text", text: shown, bytes, cut };
  };
  if (bytes > parsedBytesMax) return beginning();
  const value = parsed(text);
  if (text.length <= jsonCharsMax) return { type: "json", value, bytes };
  if (!Array.isArray(value)) return beginning();
  const items: Json[] = [];
  let chars = 0;
  for (const item of value) {
    chars += JSON.stringify(item).length + 1;
    if (chars > jsonCharsMax) break;
    items.push(item);
  }
  if (items.length === 0) return beginning();
  const cut = { unit: "items" as const, shown: items.length, of: value.length };
  return { type: "json", value: items, bytes, cut };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new GridError("bad-output", "the function's output is not JSON", {}, { cause });
  }
}
