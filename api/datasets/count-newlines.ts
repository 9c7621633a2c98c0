const newline = 10;

/**
 * Newlines in some bytes, four bytes at a step (zero-byte test of Warren, Hacker's Delight, 6-1, on x ^ 0x0a0a0a0a;
 * each byte of `found` counts up to 255 before it is flushed). 4,500 MB/s whatever the lines' length, against 1,600
 * for a byte loop and 3,300 for Buffer.indexOf at 80 bytes a line (bench/ingest-scan.ts).
 */
export function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  let at = 0;
  const end = bytes.byteLength;
  while (at < end && (bytes.byteOffset + at) % 4 !== 0) {
    if (bytes[at] === newline) count++;
    at++;
  }
  if (at === end) return count;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >> 2);
  const wordCount = words.length;
  for (let i = 0; i < wordCount; ) {
    const stop = Math.min(i + 255, wordCount);
    let found = 0;
    for (; i < stop; i++) {
      const x = words[i]! ^ 0x0a0a0a0a;
      const zero = ~(((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x | 0x7f7f7f7f);
      found = (found + (zero >>> 7)) | 0;
    }
    count += (found & 255) + ((found >>> 8) & 255) + ((found >>> 16) & 255) + (found >>> 24);
  }
  for (at += wordCount * 4; at < end; at++) if (bytes[at] === newline) count++;
  return count;
}
