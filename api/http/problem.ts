import type { ErrorBody } from "../../protocol/errors.ts";
import { errorCodes, GridError } from "../../protocol/errors.ts";
import { type Problem, problemContentType } from "../../protocol/http-common.ts";
import { translated } from "../database/faults.ts";

/** Codes that mean "not now": the answer says when to try again. */
const retryAfterSeconds: Partial<Record<GridError["code"], number>> = {
  "too-many-requests": 1,
  "queue-full": 1,
  "no-runner": 2,
  "store-unavailable": 2,
  "shutting-down": 5,
};

/**
 * How loudly the log tells of an error. "quiet": the caller's or the function's own. "expected": the platform cannot now,
 * as it may happen in good order. "broken": a fault that needs the stack.
 */
export function loudnessOf(code: GridError["code"]): "quiet" | "expected" | "broken" {
  if (code in retryAfterSeconds) return errorCodes[code][1] === "platform" ? "expected" : "quiet";
  return errorCodes[code][0] >= 500 ? "broken" : "quiet";
}

export function problemOf(error: ErrorBody, instance?: string): Problem {
  const [status, fault, title] = errorCodes[error.code];
  const hasDetails = error.details && Object.keys(error.details).length > 0;
  return {
    type: `https://sparegrid.dev/problems/${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    fault,
    ...(instance === undefined ? {} : { instance }),
    ...(hasDetails ? { details: error.details } : {}),
  };
}

/** RFC 9457, with Retry-After where a later attempt may succeed. */
export function problemResponse(
  error: GridError,
  instance?: string,
  headers: Record<string, string> = {},
): Response {
  const all: Record<string, string> = { "content-type": problemContentType, ...headers };
  const retry = error.details.retryAfterSeconds ?? retryAfterSeconds[error.code];
  if (retry !== undefined) all["retry-after"] = String(retry);
  if (error.status === 401) all["www-authenticate"] = 'Bearer realm="sparegrid"';
  return new Response(JSON.stringify(problemOf(error.toBody(), instance)), {
    status: error.status,
    headers: all,
  });
}

/** What the caller may know of an unexpected error: that it happened, or that the disk does not take it. */
export function toGridError(thrown: unknown): GridError {
  const error = translated(thrown);
  if (error instanceof GridError) return error;
  return new GridError(
    "internal",
    "An unexpected error happened; the server's log has it.",
    {},
    { cause: error },
  );
}
