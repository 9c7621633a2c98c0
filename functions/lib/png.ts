/** An image of palette indices, row by row. */
export interface IndexedImage {
  width: number;
  height: number;
  /** width × height indices into the palette. */
  pixels: Uint8Array;
  /** Red, green and blue of up to 256 colours. */
  palette: Uint8Array;
}

/**
 * A PNG (W3C PNG third edition) of 8-bit palette indices without filters. Deflate (RFC 1951) with the fixed Huffman
 * codes, and matches of distance 1 only: runs of a colour shrink, which is what such images are made of.
 */
export function encodePng({ width, height, pixels, palette }: IndexedImage): Uint8Array {
  const scanlines = new Uint8Array((width + 1) * height);
  for (let row = 0; row < height; row++) {
    // Each scanline begins with its filter type, 0 for none.
    const to = row * (width + 1) + 1;
    const from = row * width;
    for (let column = 0; column < width; column++) scanlines[to + column] = pixels[from + column]!;
  }
  const header = new Uint8Array(13);
  writeU32(header, 0, width);
  writeU32(header, 4, height);
  header[8] = 8;
  header[9] = 3;
  const crcTable = makeCrcTable();
  const chunks = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header, crcTable),
    chunk("PLTE", palette, crcTable),
    chunk("IDAT", zlib(scanlines), crcTable),
    chunk("IEND", new Uint8Array(0), crcTable),
  ];
  const png = new Uint8Array(chunks.reduce((sum, bytes) => sum + bytes.length, 0));
  let at = 0;
  for (const bytes of chunks) {
    png.set(bytes, at);
    at += bytes.length;
  }
  return png;
}

function chunk(type: string, data: Uint8Array, crcTable: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  writeU32(bytes, 0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  let crc = -1;
  const end = data.length + 8;
  for (let i = 4; i < end; i++) crc = (crc >>> 8) ^ crcTable[(crc ^ bytes[i]!) & 255]!;
  writeU32(bytes, end, ~crc);
  return bytes;
}

function makeCrcTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[i] = value;
  }
  return table;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** RFC 1950: a header, one deflate block, Adler-32. */
function zlib(data: Uint8Array): Uint8Array {
  // A literal takes at most 9 bits, a match of 3 or more bytes at most 13.
  const bytes = new Uint8Array(Math.ceil((data.length * 9) / 8) + 16);
  bytes[0] = 0x78;
  bytes[1] = 0x01;
  const codes = makeFixedCodes();
  const length = data.length;
  // Bits not written yet, the lowest first. The block's header: last block (1), fixed codes (01).
  let held = 0b011;
  let heldBits = 3;
  let out = 2;
  for (let at = 0; at < length; ) {
    const byte = data[at]!;
    let run = 0;
    if (at > 0 && data[at - 1] === byte) {
      const most = Math.min(258, length - at);
      while (run < most && data[at + run] === byte) run++;
    }
    let code = byte;
    if (run >= 3) {
      code = codes.lengthSymbols[run]!;
      at += run;
    } else at++;
    held |= codes.bits[code]! << heldBits;
    heldBits += codes.lengths[code]!;
    if (run >= 3) {
      // The extra bits of the length, then distance 1: symbol 0, five zero bits.
      held |= codes.lengthExtras[run]! << heldBits;
      heldBits += codes.lengthExtraBits[run]! + 5;
    }
    while (heldBits >= 8) {
      bytes[out++] = held;
      held >>>= 8;
      heldBits -= 8;
    }
  }
  // End of block: symbol 256, seven zero bits; then up to the next byte.
  heldBits += 7;
  while (heldBits > 0) {
    bytes[out++] = held;
    held >>>= 8;
    heldBits -= 8;
  }
  writeU32(bytes, out, adler32(data));
  return bytes.subarray(0, out + 4);
}

interface FixedCodes {
  /** By literal or length symbol: the Huffman code, its bits reversed as deflate writes them, and how many. */
  bits: Uint16Array;
  lengths: Uint8Array;
  /** By match length 3 to 258: its symbol, its extra bits' value and count. */
  lengthSymbols: Uint16Array;
  lengthExtras: Uint8Array;
  lengthExtraBits: Uint8Array;
}

/** RFC 1951, 3.2.5 and 3.2.6. */
function makeFixedCodes(): FixedCodes {
  const bits = new Uint16Array(288);
  const lengths = new Uint8Array(288);
  for (let symbol = 0; symbol < 288; symbol++) {
    const [length, code] =
      symbol < 144
        ? [8, 0x30 + symbol]
        : symbol < 256
          ? [9, 0x190 + symbol - 144]
          : symbol < 280
            ? [7, symbol - 256]
            : [8, 0xc0 + symbol - 280];
    let reversed = 0;
    for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
    bits[symbol] = reversed;
    lengths[symbol] = length;
  }
  const lengthSymbols = new Uint16Array(259);
  const lengthExtras = new Uint8Array(259);
  const lengthExtraBits = new Uint8Array(259);
  let from = 3;
  for (let symbol = 257; symbol < 285; symbol++) {
    const extraBits = symbol < 265 ? 0 : (symbol - 261) >> 2;
    for (let extra = 0; extra < 1 << extraBits; extra++) {
      lengthSymbols[from + extra] = symbol;
      lengthExtras[from + extra] = extra;
      lengthExtraBits[from + extra] = extraBits;
    }
    from += 1 << extraBits;
  }
  // 258 has a symbol of its own.
  lengthSymbols[258] = 285;
  lengthExtras[258] = 0;
  lengthExtraBits[258] = 0;
  return { bits, lengths, lengthSymbols, lengthExtras, lengthExtraBits };
}

function adler32(data: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let from = 0; from < data.length; from += 5552) {
    // 5552 bytes are the most that cannot overflow 32 bits (zlib's NMAX).
    const to = Math.min(from + 5552, data.length);
    for (let i = from; i < to; i++) {
      a += data[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}
