const exactPowers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

const comma = 44;
const newline = 10;
const carriageReturn = 13;
const dot = 46;
const zero = 48;

/** Where a row of numbers stands: how many were read, and where the next row starts. */
export interface NumberRow {
  count: number;
  next: number;
}

/**
 * Reads a row of comma-separated numbers at `from` into `into` (at `offset`, at most `max` of them are kept). Plain
 * decimals of up to 15 digits are exact as integer ÷ power of ten, both exact doubles (Clinger 1990, the fast path);
 * everything else (exponents, more digits, quotes, white space) is read by Number().
 * @returns the row; `next` is -1 - column (0-based) when that field is no finite number
 */
export function scanNumberRow(
  bytes: Buffer,
  from: number,
  end: number,
  into: Float64Array,
  offset: number,
  max: number,
  row: NumberRow,
): void {
  let at = from;
  let count = 0;
  for (;;) {
    const start = at;
    let negative = false;
    if (bytes[at] === 45) {
      negative = true;
      at++;
    }
    let mantissa = 0;
    let digits = 0;
    let fraction = -1;
    let byte = 0;
    for (; at < end; at++) {
      byte = bytes[at]!;
      if (byte >= zero && byte < zero + 10) {
        mantissa = mantissa * 10 + (byte - zero);
        digits++;
        if (fraction >= 0) fraction++;
      } else if (byte === dot && fraction < 0) fraction = 0;
      else break;
    }
    if (at < end && byte === carriageReturn && bytes[at + 1] === newline) {
      at++;
      byte = newline;
    }
    let value: number;
    if (digits > 0 && digits <= 15 && (at >= end || byte === comma || byte === newline)) {
      value = fraction > 0 ? mantissa / exactPowers[fraction]! : mantissa;
      if (negative) value = -value;
    } else {
      at = start;
      while (at < end && bytes[at] !== comma && bytes[at] !== newline) at++;
      value = readNumber(bytes.toString("latin1", start, at));
      if (Number.isNaN(value)) {
        row.count = count;
        row.next = -1 - count;
        return;
      }
    }
    if (count < max) into[offset + count] = value;
    count++;
    const separator = at < end ? bytes[at] : newline;
    at++;
    if (separator === newline) {
      row.count = count;
      row.next = at;
      return;
    }
  }
}

/** A field as a finite number, else NaN. Surrounding white space and quotes are allowed. */
export function readNumber(field: string): number {
  let text = field.trim();
  if (text.length > 1 && text.startsWith('"') && text.endsWith('"'))
    text = text.slice(1, -1).trim();
  if (!numberPattern.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}
