import type { GuestJob, GuestRequest, GuestSlice, ShardMeta } from "../../../protocol/guest.ts";
import { createRuntime } from "../runtime/index.ts";
import { type Reply, readReply } from "./reply.ts";

export const jobOf = (more: Partial<GuestJob> = {}): GuestJob => ({
  id: "job",
  seed: 7,
  params: {},
  uses: {},
  reducers: 1,
  shardCount: 1,
  ...more,
});

export interface TestGuest {
  describe(): Record<string, unknown>;
  load(key: string, meta: object, data: string | ArrayBuffer): void;
  evict(key: string): void;
  run(request: Omit<GuestRequest, "job" | "fuelMax"> & object, data?: string | ArrayBuffer): Reply;
}

/** A guest in this process, with the bytes copied on their way in as an isolate would. */
export function guestOf(
  definition: unknown,
  job: Partial<GuestJob> = {},
  fuelMax = 1e9,
): TestGuest {
  const runtime = createRuntime({
    logLinesPerTaskMax: 3,
    logLineCharsMax: 40,
    outputBytesMax: 100_000,
  });
  const guest = runtime.bind(definition);
  return {
    describe: () => JSON.parse(guest.describe()) as Record<string, unknown>,
    load: (key, meta, data) => guest.load(key, JSON.stringify(meta), data),
    evict: (key) => guest.evict(key),
    run(request, data) {
      const copied = data instanceof ArrayBuffer ? data.slice(0) : data;
      const text = JSON.stringify({ job: jobOf(job), fuelMax, ...request });
      return readReply(guest.run(text, copied));
    },
  };
}

export const shardMeta = (
  format: ShardMeta["format"],
  records: number,
  more: Partial<ShardMeta> = {},
): ShardMeta => ({ type: "shard", format, records, ...more });

export const sliceOf = (
  key: string | undefined,
  from: number,
  to: number,
  more: Partial<GuestSlice> = {},
): GuestSlice => ({
  task: 0,
  shard: 0,
  from,
  to,
  record: from,
  ...(key === undefined ? {} : { key }),
  ...more,
});
