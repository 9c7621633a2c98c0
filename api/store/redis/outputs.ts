import type { Output } from "../../../protocol/job.ts";
import type { Connection } from "./connection.ts";
import { jobKey } from "./keys.ts";
import { chunkOf, outputsPerChunk, unpackOutput } from "./output-codec.ts";

/** Chunks in one answer: a round's partials come in one round trip, a large stage in bounded pieces. */
const chunksPerAnswer = 8;
const chunkMax = 2 ** 32 - 1;
const levelMax = 2 ** 20;

export interface OutputSelection {
  level?: number;
  from?: number;
  to?: number;
}

/** Outputs of a stage, ordered by (level, index). */
export async function readOutputs(
  connection: Connection,
  id: string,
  stage: number,
  { level, from = 0, to = Number.MAX_SAFE_INTEGER }: OutputSelection,
): Promise<Output[]> {
  if (from >= to) return [];
  if (level !== undefined && to - from < outputsPerChunk)
    return readSlice(connection, id, stage, level, from, to);
  const reply = (await connection.callBytes("outputs", jobKey(id), [
    stage,
    level ?? 0,
    level ?? levelMax,
    level === undefined ? 0 : chunkOf(from),
    level === undefined ? chunkMax : Math.min(chunkOf(to - 1), chunkMax),
    chunksPerAnswer,
  ])) as [Buffer, ...Buffer[]] | [Buffer, ...Buffer[][]];
  const [type, ...rest] = reply;
  if (type.toString() === "rows") {
    // The level of a hash is not in it: each entry's place tells it.
    const chunks = (rest as Buffer[][]).map((entries) => ({
      level: Number(entries[0]!.toString()),
      entries: entries.slice(1),
    }));
    return chunks.flatMap((chunk) => unpackChunk(chunk.level, chunk.entries, from, to));
  }
  return readChunks(connection, `${jobKey(id)}:out:${stage}`, rest.map(String), from, to);
}

/** A narrow slice of one level: its fields are known without asking which chunks exist. */
async function readSlice(
  connection: Connection,
  id: string,
  stage: number,
  level: number,
  from: number,
  to: number,
): Promise<Output[]> {
  const reads: Promise<Output[]>[] = [];
  for (let chunk = chunkOf(from); chunk <= chunkOf(to - 1); chunk++) {
    const first = Math.max(from, chunk * outputsPerChunk);
    const last = Math.min(to, (chunk + 1) * outputsPerChunk);
    const indices = Array.from({ length: last - first }, (_, i) => first + i);
    const key = `${jobKey(id)}:out:${stage}:${level}:${chunk}`;
    reads.push(
      connection
        .bytes("hmget", key, ...indices)
        .then((values) =>
          (values as (Buffer | null)[]).flatMap((packed, i) =>
            packed ? [unpackOutput(level, first + i, packed)] : [],
          ),
        ),
    );
  }
  return (await Promise.all(reads)).flat();
}

async function readChunks(
  connection: Connection,
  index: string,
  chunks: readonly string[],
  from: number,
  to: number,
): Promise<Output[]> {
  const outputs: Output[] = [];
  for (let at = 0; at < chunks.length; at += chunksPerAnswer) {
    const slice = chunks.slice(at, at + chunksPerAnswer);
    const answers = await Promise.all(
      slice.map(async (chunk) => {
        const level = Number(chunk.slice(0, chunk.indexOf(":")));
        const entries = await connection.bytes("hgetall", `${index}:${chunk}`);
        return unpackChunk(level, flat(entries), from, to);
      }),
    );
    for (const answer of answers) for (const output of answer) outputs.push(output);
  }
  return outputs;
}

/** The client turns a hash into an object; its keys are decimal numbers. */
function flat(entries: unknown): (string | Buffer)[] {
  return Object.entries(entries as Record<string, Buffer>).flat();
}

function unpackChunk(
  level: number,
  entries: readonly (string | Buffer)[],
  from: number,
  to: number,
): Output[] {
  const outputs: Output[] = [];
  for (let at = 0; at < entries.length; at += 2) {
    const index = Number(entries[at]!.toString());
    if (index >= from && index < to)
      outputs.push(unpackOutput(level, index, entries[at + 1] as Buffer));
  }
  return outputs.sort((a, b) => a.index - b.index);
}
