import type { Tried } from "../../../protocol/http-try.ts";
import { type Preview, prettyOf, previewOfRecords } from "../jobs/result-preview.ts";

const pictures = /^image\/(png|jpeg|gif|webp|avif)$/;

/** What a Try gave, as a job's result would be shown. Pure. */
export function previewOfTried({
  output,
  description,
}: Pick<Tried, "output" | "description">): Preview {
  const more = output.cut !== undefined;
  if (output.type === "text") return { type: "value", text: output.text, more, value: undefined };
  if (output.type === "bytes") {
    const { base64, contentType, bytes } = output;
    // A picture that was cut is none.
    if (!pictures.test(contentType) || more) return { type: "bytes", contentType };
    return { type: "picture", contentType, bytes, url: `data:${contentType};base64,${base64}` };
  }
  const { value } = output;
  if (description.kind !== "iterate" && Array.isArray(value)) return previewOfRecords(value, more);
  return { type: "value", text: prettyOf(value), more, value };
}
