import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import { jsonBodyBytesMax } from "../../protocol/limits.ts";
import { type ApiContext, headerOf } from "./context.ts";
import { parseJson } from "./json.ts";
import { parseWith } from "./validate.ts";

/**
 * The whole body as text, refused as soon as it is known to be too large. It may be asked for again.
 * @throws GridError body-too-large, upload-incomplete, unsupported-encoding
 */
export async function readText(c: ApiContext, bytesMax = jsonBodyBytesMax): Promise<string> {
  const known = c.get("bodyText");
  if (known !== undefined) return known;
  const encoding = headerOf(c, "content-encoding");
  if (encoding !== undefined && encoding !== "identity")
    throw new GridError("unsupported-encoding", `A JSON body may not be encoded as ${encoding}.`, {
      hint: "Send it as it is; only dataset uploads take gzip and zstd.",
    });
  // HTTP framing bounds a body by what was announced; one that is not announced is counted as it comes.
  const announced = headerOf(c, "content-length") !== undefined;
  if (announced) refuseLarge(c, bytesMax);
  const text = announced ? await announcedText(c) : (await readBytes(c, bytesMax)).toString("utf8");
  c.set("bodyText", text);
  return text;
}

/** The whole body, counted while it arrives. @throws GridError body-too-large, upload-incomplete */
export async function readBytes(c: ApiContext, bytesMax: number): Promise<Buffer> {
  refuseLarge(c, bytesMax);
  const { body } = c.req.raw;
  if (!body) return Buffer.alloc(0);
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const part of body) {
      total += part.byteLength;
      if (total > bytesMax) throw tooLarge(bytesMax);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof GridError ? error : incomplete(error);
  }
  return Buffer.concat(parts, total);
}

async function announcedText(c: ApiContext): Promise<string> {
  try {
    return await c.req.text();
  } catch (error) {
    throw incomplete(error);
  }
}

/** A JSON body by its schema. @throws GridError bad-request, body-too-large */
export async function readJson<T extends z.ZodType>(
  c: ApiContext,
  schema: T,
  bytesMax = jsonBodyBytesMax,
): Promise<z.output<T>> {
  const text = await readText(c, bytesMax);
  if (text.trim() === "")
    throw new GridError("bad-request", "The body is empty; this route takes a JSON object.");
  return parseWith(schema, parseJson(text), "The body");
}

/** The query by its schema. A name given twice is refused rather than guessed at. @throws GridError bad-request */
export function readQuery<T extends z.ZodType>(c: ApiContext, schema: T): z.output<T> {
  const given = c.req.queries();
  const twice = Object.keys(given).find((name) => given[name]!.length > 1);
  if (twice !== undefined)
    throw new GridError("bad-request", `The query names "${twice}" more than once.`, {
      name: twice,
    });
  const flat = Object.fromEntries(Object.entries(given).map(([name, values]) => [name, values[0]]));
  return parseWith(schema, flat, "The query");
}

export function tooLarge(bytesMax: number): GridError {
  return new GridError("body-too-large", `The body has more than ${bytesMax} bytes.`, {
    limit: bytesMax,
  });
}

function refuseLarge(c: ApiContext, bytesMax: number): void {
  if (Number(headerOf(c, "content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

function incomplete(cause: unknown): GridError {
  return new GridError("upload-incomplete", "The body was cut off.", {}, { cause });
}
