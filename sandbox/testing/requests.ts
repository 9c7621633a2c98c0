import type { GuestJob } from "../../protocol/guest.ts";
import type { Executor, ExecutorReply, ExecutorRequest } from "../port.ts";

export const testJob: GuestJob = {
  id: "job-1",
  seed: 1,
  params: {},
  uses: {},
  reducers: 1,
  shardCount: 1,
};

/** A map over one record of the shard resident under "shard". */
export function mapRequest(task: number, job: GuestJob = testJob): ExecutorRequest {
  const slice = { task, key: "shard", shard: 0, from: task, to: task + 1, record: task };
  return { request: { job, fuelMax: 1e9, entry: "map", slice } };
}

/** Runs requests and collects what comes. */
export async function collect(
  executor: Executor,
  bundle: string,
  requests: readonly ExecutorRequest[],
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<ExecutorReply[]> {
  const replies: ExecutorReply[] = [];
  await executor.run(bundle, requests, {
    timeoutMs: options.timeoutMs ?? 5_000,
    onReply(index, reply) {
      if (index !== replies.length) throw new Error(`reply ${index} came out of order`);
      replies.push(reply);
    },
    ...(options.signal && { signal: options.signal }),
  });
  return replies;
}

export function text(reply: ExecutorReply | undefined): string {
  return Buffer.from(reply?.body ?? []).toString("utf8");
}
