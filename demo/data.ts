import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

/** Provenance of both files: functions/data/README.md. */
export const textPath = fileURLToPath(
  new URL("../functions/data/moby-dick.txt.gz", import.meta.url),
);
const digitsPath = fileURLToPath(new URL("../functions/data/digits.csv.gz", import.meta.url));

/** One hand-written digit: 64 grey levels of 0 to 16, row by row, and what it is. */
export interface Digit {
  pixels: number[];
  label: number;
}

export const pixelCount = 64;

/** The first rows to train on, the last to test with: these were written by other people. */
export async function readDigits(
  heldOutCount: number,
): Promise<{ train: Digit[]; heldOut: Digit[] }> {
  const csv = gunzipSync(await readFile(digitsPath)).toString("utf8");
  const digits = csv
    .trim()
    .split(/\r?\n/)
    .map((line) => {
      const numbers = line.split(",").map(Number);
      return { pixels: numbers.slice(0, pixelCount), label: numbers[pixelCount]! };
    });
  return { train: digits.slice(0, -heldOutCount), heldOut: digits.slice(-heldOutCount) };
}

export function digitsCsv(digits: readonly Digit[]): Uint8Array {
  return Buffer.from(
    `${digits.map(({ pixels, label }) => [...pixels, label].join(",")).join("\n")}\n`,
  );
}

/** A text again and again, as a stream that never holds more than one copy. */
export async function repeatedText(
  times: number,
): Promise<{ bytes: number; stream: AsyncIterable<Uint8Array> }> {
  const text = gunzipSync(await readFile(textPath));
  const chunkBytes = 256 * 1024;
  async function* stream(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let time = 0; time < times; time++)
      for (let at = 0; at < text.byteLength; at += chunkBytes)
        yield text.subarray(at, at + chunkBytes);
  }
  return { bytes: text.byteLength * times, stream: stream() };
}
