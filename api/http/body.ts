import { Readable } from "node:stream";
import type { z } from "zod";
import { GridError } from "../../protocol/errors.ts";
import { jsonBodyBytesMax } from "../../protocol/limits.ts";
import { type ApiContext, headerOf } from "./context.ts";
import { parseJson } from "./json.ts";
import { parseWith } from "./validate.ts";

/** What is read of a body that was refused, and for how long. */
const discardedBytesMax = 64 * 1024 * 1024;
const discardingMsMax = 5_000;

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
  if (announced) await refuseLargeText(c, bytesMax);
  const text = announced ? await announcedText(c) : (await readBytes(c, bytesMax)).toString("utf8");
  c.set("bodyText", text);
  return text;
}

/** The whole body, counted while it arrives. @throws GridError body-too-large, upload-incomplete */
export async function readBytes(c: ApiContext, bytesMax: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bodyOf(c, bytesMax)));
}

/**
 * The body as it arrives. It is Node's own stream where there is one: a web stream in between costs throughput. Giving
 * up in the middle leaves the connection alone, so that the refusal still reaches a client that is sending.
 * @throws GridError body-too-large (at once when it was announced), upload-incomplete
 */
export function bodyOf(c: ApiContext, bytesMax: number): AsyncGenerator<Uint8Array> {
  refuseLarge(c, bytesMax);
  const source: AsyncIterable<Uint8Array> | null =
    c.env?.incoming?.iterator({ destroyOnReturn: false }) ?? c.req.raw.body;
  return counted(source ?? Readable.from([]), bytesMax);
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  try {
    for await (const part of source) {
      total += part.byteLength;
      if (total > bytesMax) throw tooLarge(bytesMax);
      yield part;
    }
  } catch (error) {
    throw error instanceof GridError ? error : incomplete(error);
  }
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

/** The same where every field may be left out: an empty body is an empty object. */
export async function readOptionalJson<T extends z.ZodType>(
  c: ApiContext,
  schema: T,
): Promise<z.output<T>> {
  return (await readText(c)).trim() === ""
    ? parseWith(schema, {}, "The body")
    : readJson(c, schema);
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

function tooLarge(bytesMax: number): GridError {
  return new GridError("body-too-large", `The body has more than ${bytesMax} bytes.`, {
    limit: bytesMax,
  });
}

function refuseLarge(c: ApiContext, bytesMax: number): void {
  if (Number(headerOf(c, "content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

/** Reads on for a while what it refuses: a client that is still sending would see a broken pipe instead of the answer. */
async function refuseLargeText(c: ApiContext, bytesMax: number): Promise<void> {
  try {
    refuseLarge(c, bytesMax);
  } catch (error) {
    const incoming = c.env?.incoming;
    if (incoming && Number(headerOf(c, "content-length")) <= discardedBytesMax) {
      const signal = AbortSignal.timeout(discardingMsMax);
      const ended = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => ended.resolve(), { once: true });
      incoming.once("close", () => ended.resolve()).once("end", () => ended.resolve());
      incoming.resume();
      await ended.promise;
    }
    throw error;
  }
}

function incomplete(cause: unknown): GridError {
  return new GridError("upload-incomplete", "The body was cut off.", {}, { cause });
}
