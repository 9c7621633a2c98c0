import { mapContextOf } from "./context.ts";
import { refused, toJson } from "./json.ts";
import { bytesClass, isView, PromiseClass, shapeOf, typedName } from "./primordials.ts";
import { streams } from "./random.ts";
import { badOutput, Refusal } from "./refusal.ts";
import type { Outcome } from "./reply.ts";
import type { Run } from "./run.ts";
import type { Source } from "./source.ts";

/** Calls map for each record in turn and hands on its outputs. */
export function eachOutput(
  run: Run,
  source: Source,
  shard: number,
  firstRecord: number,
  take: (output: unknown) => void,
): void {
  const { definition, machine, place, random } = run;
  const { map } = definition;
  const context = mapContextOf(run, shard);
  for (let i = 0; i < source.count; i++) {
    place.record = firstRecord + i;
    machine.charge(1);
    random.seek(streams.map, 0, firstRecord + i);
    const output = map(source.at(i), context);
    if (run.refusal !== undefined) throw run.refusal;
    take(output);
  }
}

/** Outputs as JSON text, one a line, or as their joined bytes. */
export function mapOutcome(
  run: Run,
  source: Source,
  shard: number,
  firstRecord: number,
  separator = "\n",
): Outcome {
  const { output } = run.definition;
  if (output.type === "bytes") {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    eachOutput(run, source, shard, firstRecord, (value) => {
      const part = toBytes(value);
      bytes += part.length;
      requireRoom(run, bytes);
      parts[parts.length] = part;
    });
    return { body: parts, contentType: output.contentType };
  }
  let text = "";
  let first = true;
  eachOutput(run, source, shard, firstRecord, (value) => {
    text += first ? toJson(value) : separator + toJson(value);
    first = false;
    requireRoom(run, text.length);
  });
  return { body: text };
}

/** The bytes of an output whose definition names a content type. Copied: an author may use one buffer for all. */
export function toBytes(value: unknown): Uint8Array<ArrayBuffer> {
  const isTyped = isView(value) && typedName(value) !== undefined;
  if (!isTyped) {
    if (value instanceof PromiseClass) throw refused(value);
    throw badOutput("the output is not bytes", "return a Uint8Array, or leave output out");
  }
  const { buffer, byteOffset, byteLength } = shapeOf(value);
  return new bytesClass(new bytesClass(buffer, byteOffset, byteLength));
}

/** Ends early what could never be sent: text has at least one byte a character. */
export function requireRoom(run: Run, bytes: number): void {
  if (bytes <= run.outputBytesMax) return;
  throw new Refusal(
    "output-too-large",
    `the output of one task is over ${run.outputBytesMax} bytes`,
    "return less for each record, or set recordsPerTask",
  );
}
