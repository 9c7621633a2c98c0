import { GridError } from "../../protocol/errors.ts";
import type { Problem } from "../../protocol/http-common.ts";

/** RFC 9457, as the API answers. What is no error of ours tells nothing of itself. */
export function problemOf(error: unknown, instance: string): Problem {
  const known =
    error instanceof GridError ? error : new GridError("internal", "Something broke on our side.");
  const { code, fault, status, title, message: detail, details } = known;
  return {
    type: `https://sparegrid.dev/problems/${code}`,
    title,
    status,
    detail,
    code,
    fault,
    instance,
    ...(Object.keys(details).length > 0 && { details }),
  };
}
