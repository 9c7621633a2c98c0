import type { GuestError, GuestReply, GuestTrace } from "../protocol/guest.ts";
import { logLineCharsMax, logLinesPerTaskMax } from "../protocol/limits.ts";

/**
 * Checks a reply's header by hand, as `guestReplySchema` would: the child does it for every reply (so zod stays out of
 * that process), and the parent again, because the child may have been taken over.
 */
export function readReplyHeader(value: unknown): GuestReply | undefined {
  if (!isRecord(value)) return undefined;
  const { fuel, error, control, partials, state, logs, anyCount, trace, contentType } = value;
  if (!isAmount(fuel)) return undefined;
  const header: GuestReply = { fuel };
  if (error !== undefined) {
    const read = readGuestError(error);
    if (!read) return undefined;
    header.error = read;
  }
  if (control !== undefined) {
    if (!isControl(control)) return undefined;
    header.control = control;
  }
  if (partials !== undefined) {
    if (!Array.isArray(partials) || !partials.every(isPartial)) return undefined;
    header.partials = partials;
  }
  if (state !== undefined) {
    if (!isRecord(state) || !isCount(state.bytes) || !isAmount(state.fuel)) return undefined;
    header.state = { bytes: state.bytes, fuel: state.fuel };
  }
  if (logs !== undefined) {
    if (!Array.isArray(logs) || !logs.every((line) => typeof line === "string")) return undefined;
    // The guest's runtime bounds its log already (one line says how many were left out); this one holds even if broken.
    header.logs = logs
      .slice(0, logLinesPerTaskMax + 1)
      .map((line: string) => line.slice(0, logLineCharsMax * 2));
  }
  if (anyCount !== undefined) {
    if (anyCount !== true) return undefined;
    header.anyCount = true;
  }
  if (trace !== undefined) {
    if (!isTrace(trace)) return undefined;
    header.trace = trace;
  }
  if (contentType !== undefined) {
    if (typeof contentType !== "string" || !contentTypePattern.test(contentType)) return undefined;
    header.contentType = contentType;
  }
  return header;
}

const contentTypePattern = /^[\w.+-]{1,64}\/[\w.+-]{1,64}(;[ \w=.+"-]{0,100})?$/;

const guestErrorCodes: ReadonlySet<unknown> = new Set<GuestError["code"]>([
  "function-threw",
  "out-of-fuel",
  "stack-exhausted",
  "bad-output",
  "output-too-large",
  "wrong-input",
  "malformed-record",
  "rounds-exhausted",
  "runner-fault",
]);
const messageCharsMax = 4_000;
const stackCharsMax = 16_000;

function readGuestError(value: unknown): GuestError | undefined {
  if (!isRecord(value) || !guestErrorCodes.has(value.code)) return undefined;
  if (typeof value.name !== "string" || typeof value.message !== "string") return undefined;
  const error: GuestError = {
    code: value.code as GuestError["code"],
    name: value.name.slice(0, 200),
    message: value.message.slice(0, messageCharsMax),
  };
  for (const key of ["stack", "entry", "hint"] as const) {
    const text = value[key];
    if (text === undefined) continue;
    if (typeof text !== "string") return undefined;
    error[key] = text.slice(0, stackCharsMax);
  }
  for (const key of ["task", "record", "shard"] as const) {
    const number = value[key];
    if (number === undefined) continue;
    if (!Number.isSafeInteger(number)) return undefined;
    error[key] = number as number;
  }
  return error;
}

function isControl(value: unknown): value is NonNullable<GuestReply["control"]> {
  if (!isRecord(value)) return false;
  const { done, metrics, records } = value;
  return (
    (done === undefined || typeof done === "boolean") &&
    (records === undefined || Number.isSafeInteger(records)) &&
    (metrics === undefined || isMetrics(metrics))
  );
}

function isMetrics(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.values(value).every(
      (metric) => metric === null || (typeof metric === "number" && Number.isFinite(metric)),
    )
  );
}

function isTrace(value: unknown): value is GuestTrace {
  if (!isRecord(value)) return false;
  const { records, fuel, rounds, metrics } = value;
  return (
    isCount(records) &&
    isCount(rounds) &&
    isRecord(fuel) &&
    Object.values(fuel).every(isAmount) &&
    Array.isArray(metrics) &&
    metrics.every(isMetrics)
  );
}

function isPartial(value: unknown): boolean {
  return (
    isRecord(value) &&
    isCount(value.level) &&
    isCount(value.index) &&
    isCount(value.bytes) &&
    isAmount(value.fuel)
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
