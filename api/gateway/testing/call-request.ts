import { digestOf } from "../../../protocol/digest.ts";
import type { CallRequest } from "../../ports.ts";

/** A small call, for tests that care about some of its fields only. */
export function callRequestOf(
  more: Partial<CallRequest> & Pick<CallRequest, "owner">,
): CallRequest {
  return {
    function: "f",
    version: digestOf("v"),
    bundle: digestOf("b"),
    input: "1",
    params: {},
    uses: {},
    seed: 1,
    limits: { fuelPerTask: 100, memoryMb: 16, timeoutMs: 1000 },
    output: { type: "json", contentType: "application/json" },
    roundsMax: 1,
    ...more,
  };
}
