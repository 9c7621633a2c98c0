import type { GuestError } from "../../../protocol/guest.ts";
import type { Control } from "../../../protocol/job.ts";
import { align, toAscii, writeAscii, writeU32 } from "./pack.ts";
import { bytesClass, copyInto, quote, substring } from "./primordials.ts";
import { metricsJson, type Trace, traceJson } from "./trace.ts";

export interface Partial {
  level: number;
  index: number;
  fuel: number;
  packed: Uint8Array<ArrayBuffer>;
}

/** What an entry gives back, before it is framed. */
export interface Outcome {
  /** Text of the body, or its bytes in parts. */
  body: string | readonly Uint8Array<ArrayBuffer>[];
  control?: Control;
  partials?: readonly Partial[];
  /** round: the body's first part is the state. */
  state?: { bytes: number; fuel: number };
  contentType?: string;
  /** It never asked how many shards there are. */
  anyCount?: boolean;
  /** Of several tasks; the meter's count when absent. */
  fuel?: number;
  trace?: Trace | undefined;
}

export function frame(
  fuel: number,
  outcome: Outcome,
  logs: readonly string[],
): string | ArrayBuffer {
  let header = `{"fuel":${fuel}`;
  if (outcome.control !== undefined) header += `,"control":${controlJson(outcome.control)}`;
  if (outcome.partials !== undefined) header += `,"partials":${partialsJson(outcome.partials)}`;
  if (outcome.state !== undefined) {
    header += `,"state":{"bytes":${outcome.state.bytes},"fuel":${outcome.state.fuel}}`;
  }
  if (outcome.contentType !== undefined) header += `,"contentType":${quote(outcome.contentType)}`;
  if (outcome.anyCount === true) header += `,"anyCount":true`;
  if (outcome.trace !== undefined) header += `,"trace":${traceJson(outcome.trace, fuel)}`;
  header = toAscii(`${header}${logsJson(logs)}}`);
  if (typeof outcome.body === "string") return `${header}\n${outcome.body}`;
  return frameBytes(header, outcome.body);
}

export function frameError(fuel: number, error: GuestError, logs: readonly string[]): string {
  return `${toAscii(`{"fuel":${fuel},"error":${errorJson(error)}${logsJson(logs)}}`)}\n`;
}

/** Made by hand, key by key, from primitives: nothing an author patches has a say in what the host reads. */
function errorJson(error: GuestError): string {
  let text = `{"code":${quote(error.code)},"name":${quote(error.name)},"message":${quote(error.message)}`;
  if (error.stack !== undefined) text += `,"stack":${quote(error.stack)}`;
  if (error.entry !== undefined) text += `,"entry":${quote(error.entry)}`;
  if (error.task !== undefined) text += `,"task":${error.task}`;
  if (error.record !== undefined) text += `,"record":${error.record}`;
  if (error.shard !== undefined) text += `,"shard":${error.shard}`;
  if (error.hint !== undefined) text += `,"hint":${quote(error.hint)}`;
  return `${text}}`;
}

function controlJson(control: Control): string {
  let text = "";
  if (control.done !== undefined) text += `,"done":${control.done}`;
  if (control.records !== undefined) text += `,"records":${control.records}`;
  if (control.metrics !== undefined) text += `,"metrics":${metricsJson(control.metrics)}`;
  return `{${substring(text, 1, text.length)}}`;
}

function partialsJson(partials: readonly Partial[]): string {
  let text = "";
  for (let i = 0; i < partials.length; i++) {
    const { level, index, fuel, packed } = partials[i]!;
    text += `${i === 0 ? "" : ","}{"level":${level},"index":${index},"bytes":${packed.length},"fuel":${fuel}}`;
  }
  return `[${text}]`;
}

function logsJson(logs: readonly string[]): string {
  if (logs.length === 0) return "";
  let text = "";
  for (let i = 0; i < logs.length; i++) text += `${i === 0 ? "" : ","}${quote(logs[i]!)}`;
  return `,"logs":[${text}]`;
}

function frameBytes(header: string, body: readonly Uint8Array<ArrayBuffer>[]): ArrayBuffer {
  const start = align(4 + header.length);
  let total = start;
  for (let i = 0; i < body.length; i++) total += body[i]!.length;
  const bytes = new bytesClass(total);
  writeU32(bytes, 0, header.length);
  writeAscii(bytes, 4, header);
  let at = start;
  for (let i = 0; i < body.length; i++) {
    copyInto(bytes, body[i]!, at);
    at += body[i]!.length;
  }
  return bytes.buffer;
}
