import type { Output } from "../../../protocol/job.ts";

/** Outputs of a level are kept in hashes of so many, by index, so that slices are read without reading it all. */
export const outputsPerChunk = 64;

const newline = 10;

export function chunkOf(index: number): number {
  return Math.floor(index / outputsPerChunk);
}

/** "I" or "L" (inline, or a large one elsewhere), then "hash fuel bytes hostClass\n" and the inline bytes. */
export function packOutput({ hash, fuel, bytes, hostClass, inline }: Output): Buffer {
  const header = `${inline ? "I" : "L"}${hash} ${fuel} ${bytes} ${hostClass}\n`;
  if (!inline) return Buffer.from(header);
  const packed = Buffer.allocUnsafe(Buffer.byteLength(header) + inline.byteLength);
  packed.set(inline, packed.write(header));
  return packed;
}

export function unpackOutput(level: number, index: number, packed: Buffer): Output {
  const end = packed.indexOf(newline);
  const header = packed.toString("utf8", 1, end);
  const [hash, fuel, bytes] = header.split(" ", 3) as [string, string, string];
  const hostClass = header.slice(hash.length + fuel.length + bytes.length + 3);
  const output = { level, index, hash, fuel: Number(fuel), bytes: Number(bytes), hostClass };
  return packed[0] === 73 /* I */ ? { ...output, inline: packed.subarray(end + 1) } : output;
}
