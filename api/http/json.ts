import { GridError } from "../../protocol/errors.ts";

/**
 * Parses JSON text from outside.
 * @throws GridError bad-request with the line, and line and column in the message
 */
export function parseJson(text: string, what = "The body"): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const offset = offsetOf(reason, text);
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    const column = offset - before.lastIndexOf("\n");
    throw new GridError(
      "bad-request",
      `${what} is not valid JSON at line ${line}, column ${column}: ${firstClause(reason)}.`,
      { line, hint: "Send one JSON object, UTF-8, with double-quoted names." },
      { cause },
    );
  }
}

/** V8 says "… at position N …" or, for a text that ends too soon, "Unexpected end of JSON input". */
function offsetOf(reason: string, text: string): number {
  const position = /at position (\d+)/.exec(reason)?.[1];
  if (position !== undefined) return Number(position);
  if (/end of JSON input/i.test(reason)) return text.length;
  const token = /^Unexpected token '(.)'/u.exec(reason)?.[1];
  return token === undefined ? 0 : Math.max(0, text.indexOf(token));
}

/** V8 quotes the text around the fault after the first clause; the caller has that text already. */
function firstClause(reason: string): string {
  return reason.split(/ (?:in JSON )?at position |, (?:"|\.\.\.)/u)[0]!;
}
