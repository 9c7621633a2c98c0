import {
  applyTo,
  bytesClass,
  charCodeAt,
  copyInto,
  fromCharCodes,
  includesText,
  parse,
  shapeOf,
  sliceBuffer,
  stringify,
  substring,
  type ViewShape,
} from "./primordials.ts";
import { HostFault } from "./refusal.ts";
import { fromTree, isPlain, toTree, typedClasses } from "./tree.ts";

/**
 * A packed value (a state or a partial):
 *
 *   u32 little-endian: length of the header
 *   header: JSON in ASCII, with placeholders for typed arrays (see tree.ts)
 *   the bytes of each typed array, each begun on a multiple of 8
 *
 * padded with zeros to a multiple of 8, so that packed values can be joined. Byte order is little-endian, as on every
 * machine that V8 serves here.
 */
export function pack(value: unknown): Uint8Array<ArrayBuffer> {
  if (isPlain(value)) return assemble(stringify(value)!, undefined, 0);
  const arrays: ViewShape[] = [];
  let bytes = 0;
  const tree = toTree(value, (array, kind) => {
    const shape = shapeOf(array);
    arrays[arrays.length] = shape;
    const offset = bytes;
    bytes += align(shape.byteLength);
    return { $bytes: [kind, offset, shape.length] };
  });
  return assemble(stringify(tree)!, arrays, bytes);
}

function assemble(
  json: string,
  arrays: readonly ViewShape[] | undefined,
  bytes: number,
): Uint8Array<ArrayBuffer> {
  const header = toAscii(json);
  const start = align(4 + header.length);
  const packed = new bytesClass(start + bytes);
  writeU32(packed, 0, header.length);
  writeAscii(packed, 4, header);
  let at = start;
  for (let i = 0; arrays !== undefined && i < arrays.length; i++) {
    const array = arrays[i]!;
    copyInto(packed, new bytesClass(array.buffer, array.byteOffset, array.byteLength), at);
    at += align(array.byteLength);
  }
  return packed;
}

/** A fresh copy of the value packed at [offset, offset + length) of a buffer. */
export function unpack(buffer: ArrayBuffer, offset: number, length: number): unknown {
  const head = new bytesClass(buffer, offset, length);
  if (length < 4) throw new HostFault("a packed value has at least 4 bytes");
  const headerLength = readU32(head, 0);
  if (4 + headerLength > length) throw new HostFault("a packed value is cut short");
  const json = readAscii(head, 4, headerLength);
  const tree = parse(json);
  if (!includesText(json, '{"$')) return tree;
  const start = offset + align(4 + headerLength);
  return fromTree(tree, (kind, at, count) => {
    const Class = typedClasses[kind] as typeof Uint8Array;
    const from = start + at;
    // A copy, not a view: what one task writes to its state must not reach another's.
    return new Class(sliceBuffer(buffer, from, from + count * Class.BYTES_PER_ELEMENT));
  });
}

export function align(bytes: number): number {
  return bytes + ((8 - (bytes % 8)) % 8);
}

export function writeU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value & 255;
  target[at + 1] = (value >>> 8) & 255;
  target[at + 2] = (value >>> 16) & 255;
  target[at + 3] = value >>> 24;
}

function readU32(source: Uint8Array, at: number): number {
  return (
    (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16)) + source[at + 3]! * 0x1000000
  );
}

export function writeAscii(target: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) target[at + i] = charCodeAt(text, i);
}

function readAscii(source: Uint8Array, at: number, length: number): string {
  let text = "";
  const end = at + length;
  // In chunks: a call takes a bounded number of arguments.
  for (let from = at; from < end; from += 4096) {
    const codes: number[] = [];
    for (let i = from; i < end && i < from + 4096; i++) codes[i - from] = source[i]!;
    text += applyTo(fromCharCodes, undefined, codes);
  }
  return text;
}

const hex = "0123456789abcdef";

/** JSON text with everything beyond ASCII as \u escapes. Without regular expressions, which an author can patch. */
export function toAscii(json: string): string {
  let text = "";
  let from = 0;
  for (let i = 0; i < json.length; i++) {
    const code = charCodeAt(json, i);
    if (code < 128) continue;
    text += `${substring(json, from, i)}\\u${hex[code >> 12]}${hex[(code >> 8) & 15]}${hex[(code >> 4) & 15]}${hex[code & 15]}`;
    from = i + 1;
  }
  return from === 0 ? json : text + substring(json, from, json.length);
}
