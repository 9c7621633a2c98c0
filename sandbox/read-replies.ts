import { digestPattern } from "../protocol/digest.ts";
import type { ExecutorReply } from "./port.ts";
import { isAmount, isCount, readReplyHeader } from "./reply-header.ts";

/**
 * The replies in a `replies` message, with each field checked; undefined when the child says what it should not.
 * `left` is how many replies the part may still have. Bodies are views on the payload.
 */
export function readReplies(
  message: Record<string, unknown>,
  payload: Uint8Array | undefined,
  left: number,
): ExecutorReply[] | undefined {
  const { headers, hashes, sizes, lengths, ms } = message;
  if (!payload || !Array.isArray(headers) || headers.length > left) return undefined;
  for (const list of [hashes, sizes, lengths, ms])
    if (!Array.isArray(list) || list.length !== headers.length) return undefined;
  const lists = { hashes, sizes, lengths, ms } as Record<string, unknown[]>;
  const replies: ExecutorReply[] = [];
  let at = 0;
  for (let index = 0; index < headers.length; index += 1) {
    const header = readReplyHeader(headers[index]);
    const length = lists.lengths![index];
    const bodyHashes = lists.hashes![index];
    const bodySizes = lists.sizes![index];
    const bodyMs = lists.ms![index];
    if (!header || !isCount(length) || at + length > payload.byteLength || !isAmount(bodyMs))
      return undefined;
    if (!isListOf(bodyHashes, isDigest) || !isListOf(bodySizes, isCount)) return undefined;
    if (bodyHashes.length !== bodySizes.length) return undefined;
    replies.push({
      header,
      body: payload.subarray(at, at + length),
      hashes: bodyHashes,
      sizes: bodySizes,
      ms: bodyMs,
    });
    at += length;
  }
  return at === payload.byteLength ? replies : undefined;
}

/** What a `failed` message says, bounded. */
export function readFailure(
  message: Record<string, unknown>,
): { name: string; message: string; frames?: string[] } | undefined {
  const { name, message: text, stack } = message;
  if (typeof name !== "string" || typeof text !== "string") return undefined;
  return {
    name: name.slice(0, 200),
    message: text.slice(0, 4_000),
    ...(typeof stack === "string" && { frames: stack.slice(0, 16_000).split("\n").slice(1, 30) }),
  };
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && digestPattern.test(value);
}

function isListOf<T>(value: unknown, is: (each: unknown) => each is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}
