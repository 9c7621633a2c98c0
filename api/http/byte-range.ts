/** One part of a body: [from, to). */
export interface ByteRange {
  from: number;
  to: number;
}

/**
 * The one range that a Range header asks for (RFC 9110, section 14), cut to what there is. Undefined for the whole: no
 * header, another unit, several ranges, or one that is malformed, all of which a server may ignore. "unsatisfiable" when
 * it lies behind the end.
 */
export function byteRangeOf(
  header: string | undefined,
  bytes: number,
): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? "unsatisfiable" : { from: bytes - length, to: bytes };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return undefined;
  if (from >= bytes) return "unsatisfiable";
  return { from, to: last === "" ? bytes : Math.min(Number(last) + 1, bytes) };
}
