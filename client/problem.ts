import { type ErrorCode, errorCodes, GridError } from "../protocol/errors.ts";
import { problemSchema } from "../protocol/http.ts";
import { ConnectionError } from "./connection-error.ts";

const bodyCharsShown = 200;

/**
 * A refused request as a `GridError` made of its problem document. An unknown code (the API is newer than this client)
 * becomes the nearest known one by status; an answer that is no problem document at all came from something else, such
 * as a proxy, and says so.
 */
export async function errorOf(
  response: Response,
  url: string,
): Promise<GridError | ConnectionError> {
  const text = await response.text().catch(() => "");
  const body = parseJson(text);
  const problem = problemSchema.safeParse(body);
  if (problem.success)
    return new GridError(problem.data.code, problem.data.detail, problem.data.details);
  if (isRecord(body) && typeof body.detail === "string")
    return new GridError(codeByStatus(response.status), body.detail);
  return new ConnectionError(
    url,
    `${new URL(url).origin} answered ${response.status} ${response.statusText}`.trimEnd(),
    text === ""
      ? "this does not look like a Sparegrid API; check --url or SPAREGRID_URL"
      : `this does not look like a Sparegrid API, it said: ${text.slice(0, bodyCharsShown)}`,
  );
}

function codeByStatus(status: number): ErrorCode {
  const known = Object.entries(errorCodes).find(([, [itsStatus]]) => itsStatus === status);
  if (known !== undefined) return known[0] as ErrorCode;
  return status >= 500 ? "internal" : "bad-request";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
