import { api } from "../../lib/api/index.ts";
import { lines, type Preview, value } from "./result-preview.ts";

/** So much of a result is read to show it; the rest is for the download. */
const previewBytesMax = 2_000_000;
const pictureBytesMax = 30_000_000;
const pictures = /^image\/(png|jpeg|gif|webp|avif)$/;

/** The beginning of a job's result, in the form that suits it. @throws GridError, Unreachable, the signal's reason */
export async function previewOf(job: string, signal: AbortSignal): Promise<Preview> {
  const path = `/v1/jobs/${encodeURIComponent(job)}/result`;
  const response = await api.open(path, { headers: { accept: "*/*" }, signal });
  const contentType = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
  if (pictures.test(contentType)) {
    const blob = new Blob([(await readUpTo(response, pictureBytesMax)).bytes], {
      type: contentType,
    });
    return { type: "picture", contentType, url: URL.createObjectURL(blob), bytes: blob.size };
  }
  if (!contentType.includes("json")) {
    await response.body?.cancel();
    return { type: "bytes", contentType };
  }
  const { bytes, more } = await readUpTo(response, previewBytesMax);
  const text = new TextDecoder().decode(bytes);
  return contentType.includes("ndjson") ? lines(text, more) : value(text, more);
}

async function readUpTo(
  response: Response,
  bytesMax: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; more: boolean }> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  let more = false;
  while (reader) {
    const { done, value: part } = await reader.read();
    if (done) break;
    parts.push(part);
    size += part.length;
    if (size < bytesMax) continue;
    more = true;
    await reader.cancel();
    break;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, more };
}
