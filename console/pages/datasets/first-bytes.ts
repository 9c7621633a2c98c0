import { compressionOf, type Detected } from "./detect-format.ts";

export interface FirstBytes {
  /** Not compressed; empty when it cannot be looked into (zstd). */
  bytes: Uint8Array;
  /** They are all that there is. */
  isWhole: boolean;
  contentEncoding: Detected["contentEncoding"];
}

/** The beginning of a file's data, however large the file is. @throws what reading a file throws */
export async function firstBytesOf(file: Blob, bytesMax: number): Promise<FirstBytes> {
  const head = new Uint8Array(await file.slice(0, bytesMax).arrayBuffer());
  const contentEncoding = compressionOf(head);
  if (contentEncoding === undefined)
    return { bytes: head, isWhole: file.size <= bytesMax, contentEncoding };
  if (contentEncoding === "zstd")
    return { bytes: new Uint8Array(), isWhole: false, contentEncoding };
  const { bytes, ended } = await inflated(file.slice(0, bytesMax), bytesMax);
  return { bytes, isWhole: ended && file.size <= bytesMax, contentEncoding };
}

/** A beginning of a gzip file is no whole one: what came before its end is what can be shown. */
async function inflated(
  part: Blob,
  bytesMax: number,
): Promise<{ bytes: Uint8Array; ended: boolean }> {
  const reader = part.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const bytes = new Uint8Array(bytesMax);
  let length = 0;
  let ended = false;
  try {
    while (length < bytesMax) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) break;
      const fits = value.subarray(0, bytesMax - length);
      bytes.set(fits, length);
      length += fits.length;
    }
  } catch {
    // Cut where the part ends.
  }
  reader.cancel().catch(() => undefined);
  return { bytes: bytes.subarray(0, length), ended };
}
