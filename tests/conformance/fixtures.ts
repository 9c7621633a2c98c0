import type { LeaseRequest } from "../../api/store/port.ts";
import { digestOf } from "../../protocol/digest.ts";
import { earnerOf } from "../../protocol/earner.ts";
import type { JobSpec, Output, Stage } from "../../protocol/job.ts";

export const nowMs = 1_790_000_000_000;

/** Who answers, where it does not matter. */
export const earner = earnerOf("acc_lender", "run_1");

export function jobSpec(id: string): JobSpec {
  return {
    id,
    owner: "acc_1",
    kind: "iterate",
    function: "k-means",
    version: "1",
    bundle: digestOf("bundle"),
    input: { type: "range", count: 1_000_000 },
    params: { k: 8, title: "grüße 🎲\n" },
    uses: {},
    seed: 1,
    reducers: 1,
    roundsMax: 10,
    output: { type: "json", contentType: "application/json" },
    limits: { fuelPerTask: 1e10, memoryMb: 512, timeoutMs: 60_000 },
    createdAtMs: nowMs,
  };
}

export function stageOf(number: number, tasks: number): Stage {
  return { number, round: 1, entry: "map", tasks, tasking: { type: "shards" } };
}

/** Bytes with every value, so that a store that treats them as text is found out. */
export function output(index: number, more: Partial<Output> = {}): Output {
  const inline = Buffer.from([0, 255, 10, 13, 32, index & 255, (index >> 8) & 255, 195, 40]);
  return {
    level: 0,
    index,
    hash: digestOf(inline),
    fuel: 10,
    bytes: inline.byteLength,
    hostClass: "v8-14.6 x64",
    inline,
    ...more,
  };
}

export function outputsOf(lo: number, hi: number): Output[] {
  return Array.from({ length: hi - lo }, (_, i) => output(lo + i));
}

export function request(more: Partial<LeaseRequest> = {}): LeaseRequest {
  return { holder: "ses_a", leases: 1, tasksMax: 1000, leaseMs: 15_000, nowMs, ...more };
}

/** mulberry32: small, seeded, good enough to choose operations. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
