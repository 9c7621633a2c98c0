import type { GuestError } from "../../../protocol/guest.ts";
import { show } from "./logs.ts";
import type { Machine } from "./machine.ts";
import { ErrorClass, substring } from "./primordials.ts";
import { HostFault, Refusal } from "./refusal.ts";
import type { Place, Run } from "./run.ts";

const messageCharsMax = 2000;
const stackCharsMax = 8000;

/**
 * What went wrong, in primitives. Thrown values are an author's: a getter or a proxy trap may throw, or lie, but not
 * break this; it runs metered.
 */
export function describeFailure(
  thrown: unknown,
  machine: Machine,
  place: Place,
  refusal: Run["refusal"],
): GuestError {
  if (HostFault.is(thrown))
    return at(place, { code: "runner-fault", name: "HostFault", message: thrown.message });
  const stopped = machine.exhausted(thrown);
  if (stopped === "out-of-fuel") {
    return at(place, {
      code: stopped,
      name: "OutOfFuel",
      message: "The function used up its fuel",
    });
  }
  if (stopped === "stack-exhausted") {
    const message = "The function recursed too deeply";
    return at(place, { code: stopped, name: "StackExhausted", message });
  }
  const refused = refusal ?? (Refusal.is(thrown) ? thrown : undefined);
  if (refused !== undefined) {
    const { code, message, hint } = refused;
    const stack = Refusal.is(thrown) ? undefined : textOf(thrown, "stack", stackCharsMax);
    return at(place, {
      code,
      name: nameOf(code),
      message,
      ...(stack === undefined ? {} : { stack }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const name = textOf(thrown, "name", 200);
  const message = textOf(thrown, "message", messageCharsMax);
  const stack = textOf(thrown, "stack", stackCharsMax);
  const hint = hintFor(name, message);
  return at(place, {
    code: "function-threw",
    name: name ?? "Error",
    message: message ?? cut(show(thrown), messageCharsMax),
    ...(stack === undefined ? {} : { stack }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function at(place: Place, error: GuestError): GuestError {
  return { ...error, ...place };
}

function nameOf(code: GuestError["code"]): string {
  let name = "";
  let upper = true;
  for (let i = 0; i < code.length; i++) {
    const char = code[i]!;
    if (char === "-") upper = true;
    else {
      name += upper ? char.toUpperCase() : char;
      upper = false;
    }
  }
  return name;
}

/** A text property of an error, as a primitive string. */
function textOf(thrown: unknown, property: string, charsMax: number): string | undefined {
  try {
    if (!(thrown instanceof ErrorClass)) return undefined;
    const value = (thrown as unknown as Record<string, unknown>)[property];
    return typeof value === "string" ? cut(value, charsMax) : undefined;
  } catch {
    return undefined;
  }
}

function cut(text: string, charsMax: number): string {
  return text.length > charsMax ? `${substring(text, 0, charsMax - 1)}…` : text;
}

const synchronous = "functions are synchronous: remove it";
const noInput = "a function reads its records, params and uses, and nothing else";

/** Names that programs expect and a sandbox lacks, and what to use instead. */
export const absent: Readonly<Record<string, string>> = {
  process: noInput,
  require: "use import: npm code is bundled when published from a project",
  module: "use import and export",
  exports: "use export default",
  global: "use globalThis",
  window: noInput,
  document: noInput,
  navigator: noInput,
  localStorage: noInput,
  crypto: "use random() of the context, which is seeded by the job",
  performance: "there is no clock; work is measured in fuel, outside the function",
  Intl: "there is no locale: format numbers with toFixed, compare strings with < and >",
  Atomics: "a task has one thread: use plain numbers",
  SharedArrayBuffer: "a task has one thread: use ArrayBuffer",
  WebAssembly: "its memory cannot be bounded: write TypeScript; typed arrays run at native speed",
  WeakRef: "when memory is reclaimed differs between machines: keep a plain reference",
  FinalizationRegistry: "when memory is reclaimed differs between machines: clean up yourself",
  Buffer: "use Uint8Array",
  TextEncoder: "use input text() or lines(), which are decoded already",
  TextDecoder: "use input text() or lines(), which are decoded already",
  URL: "pass what you need as a parameter",
  Worker: synchronous,
  XMLHttpRequest: noInput,
  WebSocket: noInput,
  structuredClone: "use JSON.parse(JSON.stringify(value)), or copy by hand",
};

function hintFor(name: string | undefined, message: string | undefined): string | undefined {
  const end = " is not defined";
  if (name !== "ReferenceError" || message === undefined) return undefined;
  const at = message.length - end.length;
  if (at <= 0 || substring(message, at, message.length) !== end) return undefined;
  const missing = substring(message, 0, at);
  return Object.hasOwn(absent, missing) ? absent[missing] : undefined;
}
