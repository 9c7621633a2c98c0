import type { Executor } from "../sandbox/port.ts";
import type { Flight } from "./flight.ts";
import type { LoadRef } from "./job-context.ts";
import { Residency } from "./residency.ts";
import type { Work } from "./work.ts";

export interface SlotMemoryOptions {
  /** Raw bytes of blobs resident in one executor, as of now. */
  residentBytesMax: () => number;
  /** Bundles open in one executor, each an isolate. */
  bundlesMax: number;
}

/** Whether something under way or queued needs this key, in whatever bundle. */
type InUse = (key: string) => boolean;

/** Shards of a single-pass job that stay after use: the next lease often goes on within the same shard. */
const passedKeptMax = 2;
const nothing = new Uint8Array(0);

/** What one executor process holds: which bundles are open and which blobs resident, within bounds. */
export class SlotMemory {
  readonly #options: SlotMemoryOptions;
  readonly #residency = new Residency();
  /** Open bundles, least recently used first. */
  readonly #bundles = new Set<string>();
  #passed: { bundle: string; key: string }[] = [];
  /** Bundles that were opened or given a blob, and have not answered well since. */
  readonly #unproven = new Set<string>();

  constructor(options: SlotMemoryOptions) {
    this.#options = options;
  }

  /** The process is gone. */
  clear(): void {
    this.#residency.clear();
    this.#bundles.clear();
    this.#passed = [];
    this.#unproven.clear();
  }

  /** The bundle's isolate answered well: what was sent to it before took effect. */
  proved(bundle: string): void {
    this.#unproven.delete(bundle);
  }

  /**
   * The bundle answered with an error. Opening and loading are not answered, their faults come with the next run and
   * with all after it: then only a new isolate helps.
   * @param ours the guest says that it was not given what it should have been: what is resident is not as noted here
   */
  failed(executor: Executor, bundle: string, ours: boolean): void {
    if (!this.#unproven.delete(bundle) && !ours) return;
    this.#bundles.delete(bundle);
    this.#residency.removeBundle(bundle);
    executor.close(bundle);
  }

  has(bundle: string, key: string): boolean {
    return this.#residency.has(bundle, key);
  }

  open(executor: Executor, work: Work, inUse: (bundle: string) => boolean): void {
    const { bundle, source, memoryMb } = work;
    this.#bundles.delete(bundle);
    this.#bundles.add(bundle);
    if (!executor.isOpen(bundle)) {
      this.#residency.removeBundle(bundle);
      executor.open(bundle, source, { memoryMb });
      this.#unproven.add(bundle);
    }
    for (const other of this.#bundles) {
      if (this.#bundles.size <= this.#options.bundlesMax) break;
      if (other === bundle || inUse(other)) continue;
      this.#bundles.delete(other);
      this.#residency.removeBundle(other);
      this.#unproven.delete(other);
      executor.close(other);
    }
  }

  /** Makes blobs resident; their bytes are held by the work. Evicts what nothing needs to stay within the bound. */
  load(executor: Executor, work: Work, refs: readonly LoadRef[], inUse: InUse): void {
    const { bundle } = work;
    for (const ref of refs) {
      if (this.#residency.has(bundle, ref.key)) {
        this.#residency.touch(bundle, ref.key);
        continue;
      }
      const bytes = ref.digest === undefined ? nothing : work.held.get(ref.digest)!;
      this.#makeRoom(executor, bytes.byteLength, work.memoryMb, inUse);
      executor.load(bundle, ref.key, ref.meta, bytes);
      this.#residency.add(bundle, ref.key, bytes.byteLength);
      this.#unproven.add(bundle);
    }
  }

  /** After a trip: shards that a single pass is done with. */
  retire(executor: Executor, flight: Flight, inUse: InUse): void {
    for (const { work, unit } of flight.items) {
      if (work.keepsShards) continue;
      for (const { key } of unit.shards) {
        const { bundle } = work;
        if (this.#passed.some((one) => one.key === key && one.bundle === bundle)) continue;
        this.#passed.push({ bundle, key });
      }
    }
    while (this.#passed.length > passedKeptMax) {
      const { bundle, key } = this.#passed.shift()!;
      if (!inUse(key)) this.#evict(executor, bundle, key);
    }
  }

  forget(executor: Executor, bundle: string, refs: Iterable<LoadRef>, inUse: InUse): void {
    for (const { key } of refs) {
      if (this.#residency.has(bundle, key) && !inUse(key)) this.#evict(executor, bundle, key);
    }
  }

  /** At most half of what an isolate may use goes to raw blobs: decoding takes its share of the rest. */
  #makeRoom(executor: Executor, bytes: number, memoryMb: number, inUse: InUse): void {
    const bytesMax = Math.min(this.#options.residentBytesMax(), memoryMb * 512 * 1024);
    for (const victim of this.#residency.victims(bytesMax - bytes, inUse))
      this.#evict(executor, victim.bundle, victim.key);
  }

  #evict(executor: Executor, bundle: string, key: string): void {
    if (this.#residency.remove(bundle, key)) executor.evict(bundle, key);
  }
}
