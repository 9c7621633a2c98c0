import type { GuestError } from "../../../protocol/guest.ts";

/**
 * The runtime refuses what an author returned or a caller passed. Never handed to author code, and told apart by a
 * private brand: `instanceof` would ask an author's proxy for its prototype.
 */
export class Refusal {
  readonly #brand = true;
  readonly code: GuestError["code"];
  readonly message: string;
  readonly hint: string | undefined;

  constructor(code: GuestError["code"], message: string, hint?: string) {
    this.code = code;
    this.message = message;
    this.hint = hint;
  }

  static is(value: unknown): value is Refusal {
    return typeof value === "object" && value !== null && #brand in value;
  }
}

/** The host broke the contract (a shard that was never loaded, partials that do not add up): not the author's fault. */
export class HostFault extends Error {
  override name = "HostFault";
  readonly #brand = true;

  static is(value: unknown): value is HostFault {
    return typeof value === "object" && value !== null && #brand in value;
  }
}

export function badOutput(message: string, hint?: string): Refusal {
  return new Refusal("bad-output", message, hint);
}

export function wrongInput(message: string, hint?: string): Refusal {
  return new Refusal("wrong-input", message, hint);
}
