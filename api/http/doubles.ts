import type { Json } from "../../protocol/job.ts";

/** All numbers of a value, depth first, as little-endian f64 (null, JSON's NaN, is NaN); undefined if there is more to it. */
export function doublesOf(value: Json): Buffer | undefined {
  const numbers: number[] = [];
  if (!collect(value, numbers)) return undefined;
  const bytes = Buffer.allocUnsafe(numbers.length * 8);
  numbers.forEach((number, i) => {
    bytes.writeDoubleLE(number, i * 8);
  });
  return bytes;
}

function collect(value: Json, into: number[]): boolean {
  if (typeof value === "number" || value === null) {
    into.push(value ?? Number.NaN);
    return true;
  }
  return Array.isArray(value) && value.every((item) => collect(item, into));
}
