import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { GridError, type SourcePosition } from "../../protocol/errors.ts";
import { authorPath, type Bundled, isAuthorSource } from "./bundle.ts";
import { preamble } from "./meter/names.ts";
import { type Metered, MeterRefusal, meterModule } from "./meter/transform.ts";

export type { Metered };
export { preamble };

/**
 * Meters a script or module without imports: for measurements. The code is for the body of a function that has
 * `preamble(names, runtime)` in scope.
 * @throws MeterRefusal, SyntaxError
 */
export function meterSource(js: string): Metered {
  return meterModule(js);
}

/** @throws GridError forbidden-syntax, syntax-error with details.at; missing-entry without a default export */
export function meterBundle({ code, map }: Bundled): Metered {
  let metered: Metered;
  try {
    metered = meterModule(code);
  } catch (cause) {
    throw asGridError(cause, (offset) => positionOf(code, map, offset));
  }
  if (!metered.hasDefault)
    throw new GridError("missing-entry", "the module has no default export", {
      hint: 'write: export default map({ … }), with map, mapReduce or iterate from "sparegrid"',
    });
  return metered;
}

function asGridError(
  cause: unknown,
  position: (offset: number) => SourcePosition | undefined,
): unknown {
  const refuse = (message: string, offset: number | undefined, hint?: string) => {
    const at = offset === undefined ? undefined : position(offset);
    const details = { ...(at && { at }), ...(hint !== undefined && { hint }) };
    return new GridError("forbidden-syntax", message, details, { cause });
  };
  if (cause instanceof MeterRefusal)
    return refuse(cause.refusal.message, cause.refusal.at, cause.refusal.hint);
  // esbuild has parsed it before: what is left is syntax that only one of the two knows.
  if (cause instanceof SyntaxError) return refuse(cause.message, (cause as { pos?: number }).pos);
  if (cause instanceof RangeError)
    return refuse("the source is nested too deeply", undefined, "split large expressions");
  return cause;
}

function positionOf(code: string, map: string, offset: number): SourcePosition | undefined {
  const before = code.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - (before.lastIndexOf("\n") + 1);
  const found = originalPositionFor(new TraceMap(map), { line, column });
  if (found.source === null || !isAuthorSource(found.source)) return undefined;
  return { file: authorPath(found.source), line: found.line, column: found.column + 1 };
}
