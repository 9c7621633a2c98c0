import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { ErrorBody, ErrorDetails, SourcePosition } from "../../protocol/errors.ts";
import type { GuestError } from "../../protocol/guest.ts";

const framesMax = 20;
/** A frame of the bundle in V8's stack format: "at NAME (bundle.js:LINE:COLUMN)". */
const framePattern = /^\s*at (?:(.*) \()?(?:[^\s()]*\/)?(?:bundle|function)\.js:(\d+):(\d+)\)?\s*$/;

/** A guest's error with positions in the author's files; without a map, as it is. Pure. */
export function explain(error: GuestError | ErrorBody, sourceMap: string | undefined): ErrorBody {
  const body = bodyOf(error);
  const frames = body.details?.frames ?? [];
  const hint = body.details?.hint ?? hintFor(body);
  const details: ErrorDetails = { ...body.details, ...(hint !== undefined && { hint }) };
  if (sourceMap === undefined) return { ...body, details };
  const mapped = mapFrames(frames, sourceMap);
  if (!mapped) return { ...body, details };
  const at = details.at ?? mapped.at;
  return {
    ...body,
    details: { ...details, ...(at && { at }), frames: mapped.frames },
  };
}

function bodyOf(error: GuestError | ErrorBody): ErrorBody {
  if (!("name" in error)) return error;
  const { code, message, name, stack, entry, task, record, shard, hint } = error;
  const details: ErrorDetails = { name };
  if (stack !== undefined) details.frames = stack.split("\n").filter((l) => /^\s*at /.test(l));
  if (entry !== undefined) details.entry = entry;
  if (task !== undefined) details.task = task;
  if (record !== undefined) details.record = record;
  if (shard !== undefined) details.shard = shard;
  if (hint !== undefined) details.hint = hint;
  return { code, message, details };
}

/** The author's frames, innermost first; undefined when none is of a bundle (they were mapped before, or never were). */
function mapFrames(
  lines: readonly string[],
  sourceMap: string,
): { frames: string[]; at: SourcePosition | undefined } | undefined {
  const raw = lines.map((line) => framePattern.exec(line)).filter((match) => match !== null);
  if (raw.length === 0) return undefined;
  const map = new TraceMap(sourceMap);
  const frames: string[] = [];
  let at: SourcePosition | undefined;
  for (const [, name, line, column] of raw) {
    const found = originalPositionFor(map, { line: Number(line), column: Number(column) - 1 });
    if (found.source === null || found.source === "") continue;
    const position = { file: found.source, line: found.line, column: found.column + 1 };
    at ??= position;
    const where = `${position.file}:${position.line}:${position.column}`;
    if (frames.length < framesMax) frames.push(name ? `${name} (${where})` : where);
  }
  return { frames, at };
}

function hintFor({ code, details }: ErrorBody): string | undefined {
  const limit = details?.limit === undefined ? "" : ` (its limit is ${details.limit})`;
  switch (code) {
    case "out-of-fuel":
      return `a task ran too long${limit}: look for a loop that does not end, give each task fewer records, or raise the job's fuel limit`;
    case "stack-exhausted":
      return "look for a recursion that does not end; use a loop with an array for deep structures";
    case "out-of-memory":
      return `a task kept too much${limit}: give each task fewer records, or emit instead of collecting`;
    case "timeout":
      return "regular expressions and built-ins count no fuel: look for one that works on very much at once";
    default:
      return undefined;
  }
}
