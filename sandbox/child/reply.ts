import { hash } from "node:crypto";
import type { GuestReply } from "../../protocol/guest.ts";
import { outputBytesMax } from "../../protocol/limits.ts";
import { readReplyHeader } from "../reply-header.ts";
import { GuestFault } from "./faults.ts";

/** One reply, cut into its header and its hashed body. */
export interface ReadReply {
  header: GuestReply;
  body: string | Uint8Array;
  bodyBytes: number;
  hashes: string[];
  sizes: number[];
}

/** Lists of partials and logs are short; a longer header is somebody's attempt at something. */
const headerCharsMax = 256 * 1024;

/**
 * Takes apart what `run` of the guest answered (its framing is in protocol/guest.ts) and hashes each output.
 * `lines` is the number of lines that a mapReduce map has to answer with, each an output of its own; else undefined.
 * @throws GuestFault bad-output, output-too-large
 */
export function readReply(reply: unknown, lines: number | undefined): ReadReply {
  if (typeof reply === "string") {
    const cut = reply.indexOf("\n");
    if (cut < 0) throw new GuestFault("bad-output", "the reply has no header");
    return finish(parseHeader(reply.slice(0, cut)), reply.slice(cut + 1), lines);
  }
  if (reply instanceof ArrayBuffer) {
    if (reply.byteLength < 4) throw new GuestFault("bad-output", "the reply has no header");
    const bytes = Buffer.from(reply);
    const headerBytes = bytes.readUInt32LE(0);
    const bodyAt = Math.ceil((4 + headerBytes) / 8) * 8;
    if (bodyAt > bytes.byteLength)
      throw new GuestFault("bad-output", "the reply is shorter than its header");
    const header = parseHeader(bytes.toString("latin1", 4, 4 + headerBytes));
    return finish(header, bytes.subarray(bodyAt), lines);
  }
  throw new GuestFault("bad-output", "the reply is neither text nor an ArrayBuffer");
}

function parseHeader(text: string): GuestReply {
  let header: GuestReply | undefined;
  if (text.length <= headerCharsMax) {
    try {
      header = readReplyHeader(JSON.parse(text));
    } catch {
      // told below, as any other broken header
    }
  }
  if (!header) throw new GuestFault("bad-output", "the reply's header is not valid");
  return header;
}

function finish(
  header: GuestReply,
  replyBody: string | Uint8Array,
  lines: number | undefined,
): ReadReply {
  if (header.error) return { header, body: "", bodyBytes: 0, hashes: [], sizes: [] };
  // A lone surrogate would join with one of the next body when their texts are encoded together.
  const body = typeof replyBody === "string" ? replyBody.toWellFormed() : replyBody;
  const bodyBytes = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  if (bodyBytes > outputBytesMax) {
    throw new GuestFault(
      "output-too-large",
      `the output has ${bodyBytes} bytes, at most ${outputBytesMax} can be carried`,
    );
  }
  const parts = partsOf(header);
  if (parts) return { header, body, bodyBytes, ...hashParts(parts, body) };
  if (lines !== undefined) return { header, body, bodyBytes, ...hashLines(body, lines) };
  return { header, body, bodyBytes, hashes: [hash("sha256", body, "hex")], sizes: [bodyBytes] };
}

/** Byte lengths of the outputs that a body of several consists of. */
function partsOf({ state, partials }: GuestReply): number[] | undefined {
  if (!partials) return undefined;
  const sizes = partials.map(({ bytes }) => bytes);
  return state ? [state.bytes, ...sizes] : sizes;
}

function hashParts(
  sizes: number[],
  body: string | Uint8Array,
): { hashes: string[]; sizes: number[] } {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (sizes.reduce((sum, size) => sum + size, 0) !== bytes.byteLength)
    throw new GuestFault("bad-output", "the partials do not add up to the body");
  let at = 0;
  const hashes = sizes.map((size) => {
    const part = bytes.subarray(at, at + size);
    at += size;
    return hash("sha256", part, "hex");
  });
  return { hashes, sizes };
}

/** A reduce of few keys over many partitions sends mostly these. */
const emptyLine = "[]";
const emptyLineHash = hash("sha256", emptyLine, "hex");

function hashLines(
  body: string | Uint8Array,
  lines: number,
): { hashes: string[]; sizes: number[] } {
  const list = (typeof body === "string" ? body : Buffer.from(body).toString()).split(
    "\n",
    lines + 1,
  );
  if (list.length !== lines)
    throw new GuestFault("bad-output", `the reply does not have exactly ${lines} lines`);
  return {
    hashes: list.map((line) => (line === emptyLine ? emptyLineHash : hash("sha256", line, "hex"))),
    sizes: list.map((line) => Buffer.byteLength(line)),
  };
}
