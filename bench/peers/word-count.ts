/** The published function's map, as plain Node runs it: count words of a text. */
export function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split("\n")) {
    for (const word of line.toLowerCase().match(/\p{L}+/gu) ?? []) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

export function addCounts(into: Map<string, number>, from: Map<string, number>): void {
  for (const [word, count] of from) into.set(word, (into.get(word) ?? 0) + count);
}

/** The piscina task: one slice of the file, cut at a line end by the caller. */
export default function countBytes(bytes: Uint8Array): Map<string, number> {
  return countWords(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
}
