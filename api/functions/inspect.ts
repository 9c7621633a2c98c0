import { errorCodeSchema } from "../../protocol/error-schemas.ts";
import { type ErrorCode, GridError } from "../../protocol/errors.ts";
import { type Description, descriptionSchema } from "../../protocol/guest.ts";
import type { Executor } from "../../sandbox/port.ts";

export const inspectTimeoutMs = 10_000;
const descriptionCharsMax = 256 * 1024;

/**
 * Evaluates a bundle in a sandbox child and asks what it is.
 * @throws GridError missing-entry, bad-definition; out-of-fuel, function-threw, timeout, … when it does not load
 */
export async function inspect(executor: Executor, bundle: string): Promise<Description> {
  let text: string;
  try {
    text = await executor.describe(bundle, { timeoutMs: inspectTimeoutMs });
  } catch (error) {
    // The meter's own error reaches the host as a plain one when a module runs out of fuel as it loads.
    if (
      error instanceof GridError &&
      (error.code === "out-of-fuel" || error.details.name === "OutOfFuel")
    )
      throw new GridError(
        "out-of-fuel",
        "the module used up its fuel while it loaded",
        { ...error.details, hint: "move work out of the module's top level into an entry" },
        { cause: error },
      );
    throw error;
  }
  if (text.length > descriptionCharsMax)
    throw new GridError("bad-definition", "the definition's description is too large", {
      limit: descriptionCharsMax,
    });
  const value = parseJson(text);
  const fault = faultOf(value);
  if (fault) throw fault;
  const parsed = descriptionSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new GridError(
      "bad-definition",
      `the definition is not valid: ${issue?.path.join(".")}: ${issue?.message}`,
    );
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GridError(
      "bad-definition",
      "the definition's description is not JSON",
      {},
      { cause },
    );
  }
}

/** The runtime answers {"error":{code,message,hint?}} for a definition that it refuses. */
function faultOf(value: unknown): GridError | undefined {
  const { error } = (value ?? {}) as {
    error?: { code?: unknown; message?: unknown; hint?: unknown };
  };
  if (error === undefined || error === null) return undefined;
  const code = errorCodeSchema.safeParse(error.code);
  const known: ErrorCode =
    code.success && code.data === "missing-entry" ? "missing-entry" : "bad-definition";
  const details = typeof error.hint === "string" ? { hint: error.hint.slice(0, 1000) } : {};
  return new GridError(known, String(error.message).slice(0, 2000), details);
}
