import { Readable } from "node:stream";
import { GridError } from "../../protocol/errors.ts";
import type { JobSpec, JobState, Output } from "../../protocol/job.ts";
import type { Store } from "../store/port.ts";

/** Outputs read from the store at a time: bounds memory, amortizes round trips. */
const outputsPerRead = 256;
/** A chunk of the result's stream. */
const chunkBytes = 64 * 1024;
const newline = Buffer.from("\n");

/** A job's result as a stream of bytes. @throws GridError as api/ports.ts `Jobs.result` says */
export function resultStream(
  store: Store,
  state: JobState,
): { contentType: string; body: Readable } {
  const { spec } = state;
  const stage = state.resultStage;
  if (state.status === "failed") {
    const why = state.error ? `: ${state.error.message}` : "";
    throw new GridError("job-failed", `Job ${spec.id} failed${why}`, state.error?.details);
  }
  if (state.status === "cancelled") {
    throw new GridError("job-cancelled", `Job ${spec.id} was cancelled and has no result.`);
  }
  if (state.status !== "succeeded" || stage === undefined) {
    throw new GridError("result-not-ready", `Job ${spec.id} is ${state.status}.`, {
      hint: "Watch GET /v1/jobs/:id/events until its status is succeeded.",
    });
  }
  const contentType = contentTypeOf(spec);
  const bytes =
    spec.kind === "mapReduce" && spec.output.type === "json" && spec.reducers > 1
      ? mergedByKey(store, spec, stage)
      : concatenated(store, state, stage);
  return { contentType, body: Readable.from(bytes, { objectMode: false }) };
}

function contentTypeOf(spec: JobSpec): string {
  if (spec.output.type === "bytes") return spec.output.contentType;
  return spec.kind === "iterate" ? "application/json" : "application/x-ndjson";
}

async function* concatenated(store: Store, state: JobState, stage: number): AsyncGenerator<Buffer> {
  const { spec } = state;
  const lines = spec.output.type === "json" && spec.kind !== "iterate";
  const tasks = state.stage.tasks;
  // Tiny outputs leave together: a chunk for each of a million would cost more than making them did.
  const chunk = new Chunk();
  for (let from = 0; from < tasks; from += outputsPerRead) {
    const select = { level: 0, from, to: from + outputsPerRead };
    for (const output of await store.jobs.outputs(spec.id, stage, select)) {
      if (output.bytes === 0) continue;
      const bytes = output.inline ?? (await bytesOf(store, output));
      chunk.add(bytes);
      if (lines && bytes.at(-1) !== 10) chunk.add(newline);
      if (chunk.bytes >= chunkBytes) yield chunk.take();
    }
  }
  if (chunk.bytes > 0) yield chunk.take();
}

/** Bytes gathered into one buffer. */
class Chunk {
  bytes = 0;
  #parts: Uint8Array[] = [];

  add(part: Uint8Array): void {
    this.#parts.push(part);
    this.bytes += part.byteLength;
  }

  take(): Buffer {
    const whole = Buffer.concat(this.#parts, this.bytes);
    this.#parts = [];
    this.bytes = 0;
    return whole;
  }
}

/**
 * Reduce tasks answer their keys in code-unit order, each key in one task: a merge of the sorted parts gives all keys in
 * order. Each part is read whole when its turn comes to hold a line, so at most one part a reduce task is in memory.
 */
async function* mergedByKey(store: Store, spec: JobSpec, stage: number): AsyncGenerator<Buffer> {
  const outputs = await store.jobs.outputs(spec.id, stage, { level: 0 });
  const parts: SortedPart[] = [];
  for (const output of outputs) {
    if (output.bytes === 0) continue;
    const part = new SortedPart((await bytesOf(store, output)).toString("utf8"));
    if (part.next()) parts.push(part);
  }
  let chunk = "";
  while (parts.length > 0) {
    let least = 0;
    for (let i = 1; i < parts.length; i++) if (parts[i]!.key < parts[least]!.key) least = i;
    const part = parts[least]!;
    chunk += `${part.line}\n`;
    if (!part.next()) parts.splice(least, 1);
    if (chunk.length > chunkBytes) {
      yield Buffer.from(chunk);
      chunk = "";
    }
  }
  if (chunk.length > 0) yield Buffer.from(chunk);
}

/** The lines `{"key":…,"value":…}` of one reduce task, one at a time. */
class SortedPart {
  key = "";
  line = "";
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): boolean {
    if (this.#at >= this.#text.length) return false;
    const found = this.#text.indexOf("\n", this.#at);
    const end = found < 0 ? this.#text.length : found;
    this.line = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    this.key = keyOf(this.line);
    return true;
  }
}

/** Reads the key's JSON string without parsing the value behind it. */
function keyOf(line: string): string {
  const start = '{"key":'.length;
  let end = start + 1;
  while (line[end] !== '"') end += line[end] === "\\" ? 2 : 1;
  return JSON.parse(line.slice(start, end + 1));
}

async function bytesOf(store: Store, output: Output): Promise<Buffer> {
  if (output.inline)
    return Buffer.from(output.inline.buffer, output.inline.byteOffset, output.bytes);
  const bytes = await store.blobs.get(output.hash);
  if (!bytes) throw new GridError("result-gone", "A part of the result is no longer kept.");
  return bytes;
}
