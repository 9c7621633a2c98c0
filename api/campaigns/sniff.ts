import type { MediaType } from "../../protocol/limits.ts";

/** What bytes are, by their beginning; what the sender calls them does not count. Undefined for anything else. */
export function sniffMedia(bytes: Buffer): MediaType | undefined {
  const ascii = (at: number, length: number) => bytes.toString("latin1", at, at + length);
  if (ascii(0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (ascii(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (/^GIF8[79]a$/.test(ascii(0, 6))) return "image/gif";
  if (ascii(0, 4) === "RIFF" && ascii(8, 4) === "WEBP") return "image/webp";
  if (ascii(0, 4) === "\x1a\x45\xdf\xa3" && ascii(0, 64).includes("webm")) return "video/webm";
  if (ascii(4, 4) === "ftyp" && /^(?:isom|iso[2-9]|mp4[12]|avc1|M4V |dash|MSNV)/.test(ascii(8, 4)))
    return "video/mp4";
  return undefined;
}
