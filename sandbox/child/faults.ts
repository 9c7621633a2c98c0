import type { ErrorCode } from "../../protocol/errors.ts";
import type { GuestError } from "../../protocol/guest.ts";

/** A call into the guest that gave no reply. After a fatal one the process is to be killed. */
export class GuestFault extends Error {
  override name = "GuestFault";
  readonly code: ErrorCode;
  readonly fatal: boolean;
  readonly guestName: string;
  readonly guestStack: string | undefined;

  constructor(code: ErrorCode, message: string, guest?: { name: string; stack?: string }) {
    super(message);
    this.code = code;
    this.fatal = code === "timeout" || code === "out-of-memory";
    this.guestName = guest?.name ?? "Error";
    this.guestStack = guest?.stack;
  }
}

/** What a call threw, told apart by isolated-vm's own messages (it has no codes). */
export function faultOf(thrown: unknown, isolateDisposed: boolean, timeoutMs: number): GuestFault {
  if (thrown instanceof GuestFault) return thrown;
  const { name, message, stack } = readError(thrown);
  if (isolateDisposed || /disposed|memory limit/.test(message))
    return new GuestFault("out-of-memory", "the function used up its memory");
  if (message === "Script execution timed out.")
    return new GuestFault("timeout", `the function did not answer within ${timeoutMs} ms`);
  if (name === "RangeError" && /call stack/.test(message))
    return new GuestFault("stack-exhausted", message, { name, stack });
  // The runtime's own error, when it ends the evaluation of the author's module (functions/sdk/runtime/machine.ts).
  if (message === "The function used up its fuel") return new GuestFault("out-of-fuel", message);
  if (name === "TypeError" && /non-transferable|could not be cloned/.test(message))
    return new GuestFault("bad-output", "the function's reply cannot be carried", { name, stack });
  return new GuestFault("function-threw", message, { name, stack });
}

const guestErrorCodes: ReadonlySet<string> = new Set<GuestError["code"]>([
  "function-threw",
  "out-of-fuel",
  "stack-exhausted",
  "bad-output",
  "output-too-large",
  "wrong-input",
  "malformed-record",
]);

/** The fault as a guest's own error, for the reply's header; undefined when it is none (the process is done for). */
export function guestErrorOf(fault: GuestFault): GuestError | undefined {
  if (fault.fatal || !guestErrorCodes.has(fault.code)) return undefined;
  return {
    code: fault.code as GuestError["code"],
    name: fault.guestName,
    message: fault.message,
    ...(fault.guestStack !== undefined && { stack: fault.guestStack }),
  };
}

const messageCharsMax = 2_000;

/** isolated-vm hands over errors as host errors without their own properties, and other values as primitives. */
function readError(thrown: unknown): { name: string; message: string; stack: string } {
  if (thrown instanceof Error) {
    return {
      name: String(thrown.name).slice(0, 200),
      message: String(thrown.message).slice(0, messageCharsMax),
      stack: hostFramesRemoved(String(thrown.stack)).slice(0, 4 * messageCharsMax),
    };
  }
  return { name: "Error", message: `${String(thrown)}`.slice(0, messageCharsMax), stack: "" };
}

function hostFramesRemoved(stack: string): string {
  const boundary = stack.indexOf("\n    at (<isolated-vm boundary>)");
  return boundary < 0 ? stack : stack.slice(0, boundary);
}
