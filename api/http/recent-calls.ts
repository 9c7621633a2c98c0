import { LRUCache } from "lru-cache";
import type { ErrorBody } from "../../protocol/errors.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { Params } from "./params.ts";
import type { Version } from "./versions.ts";
import type { Viewer } from "./viewer.ts";

/** A synchronous invocation that has ended. It never was in the store. */
export interface RecentCall {
  id: string;
  /** The account that called. */
  owner: string;
  version: Version;
  seed: number;
  params: Params;
  createdAtMs: number;
  endedAtMs: number;
  fuel: number;
  /** What it cost by itself; calls are charged together, so that fractions add up. */
  costMicro: number;
  error?: ErrorBody;
  /** The result's bytes, when small. */
  body?: Uint8Array;
}

const callsKeptMax = 10_000;
const bodyBytesKeptMax = 32 * 1024;
const bytesKeptMax = 64 * 1024 * 1024;
/** What a call costs to keep besides its body. */
const overheadBytes = 512;

/** The latest synchronous invocations, so that their ids mean something for a while. Bounded in number and bytes. */
export class RecentCalls {
  readonly #calls = new LRUCache<string, RecentCall>({
    max: callsKeptMax,
    maxSize: bytesKeptMax,
    sizeCalculation: (call) => overheadBytes + (call.body?.byteLength ?? 0),
  });

  add(call: RecentCall): void {
    if (call.body && call.body.byteLength > bodyBytesKeptMax) delete call.body;
    this.#calls.set(call.id, call);
  }

  /** Undefined, too, for a call that the viewer may not see. */
  get({ account, all }: Viewer, id: string): RecentCall | undefined {
    const call = this.#calls.get(id);
    return call && (call.owner === account || all) ? call : undefined;
  }
}

export function callAsJob(call: RecentCall): Job {
  const { version, error } = call;
  const createdAt = new Date(call.createdAtMs).toISOString();
  return {
    id: call.id,
    function: version.function,
    version: version.digest,
    kind: version.description.kind,
    status: error ? "failed" : "succeeded",
    ...(error ? { error } : {}),
    createdAt,
    startedAt: createdAt,
    endedAt: new Date(call.endedAtMs).toISOString(),
    stage: 0,
    entry: "invoke",
    round: 0,
    progress: { done: error ? 0 : 1, total: 1 },
    tasksDone: error ? 0 : 1,
    records: 0,
    metrics: {},
    fuel: call.fuel,
    cost: creditsOf(call.costMicro),
    seed: call.seed,
    params: call.params,
  };
}
