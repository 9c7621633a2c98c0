import type { Flight } from "./flight.ts";
import type { LoadRef } from "./job-context.ts";
import type { Unit } from "./units.ts";
import type { Work } from "./work.ts";

/** Orders of magnitude, to weigh a wait against residency. */
const replaceMs = 100;
const isolateMs = 3;
const loadMsPerMb = 5;
/** A shard that an iterative job loads is there for its further rounds: an uneven split would cost in each of them. */
const roundsExpected = 16;

export interface SlotState {
  /** Whom the process has served. */
  owner: string | undefined;
  isOpen: (bundle: string) => boolean;
  isResident: (bundle: string, key: string) => boolean;
}

/** What starting this work costs besides waiting, ms: a process to replace, an isolate to open, blobs to load. */
export function startMs(work: Work, { owner, isOpen, isResident }: SlotState): number {
  if (owner !== undefined && owner !== work.owner) return replaceMs + loadMs(work, () => false);
  const openMs = isOpen(work.bundle) ? 0 : isolateMs;
  const missingMs = loadMs(work, (ref) => isResident(work.bundle, ref.key));
  return openMs + (work.keepsShards ? missingMs / roundsExpected : missingMs);
}

function loadMs(work: Work, resident: (ref: LoadRef) => boolean): number {
  let bytes = 0;
  let former: LoadRef | undefined;
  for (const unit of work.units) {
    for (const ref of unit.shards) {
      // Tasks that are slices of one shard follow each other.
      if (ref !== former && !resident(ref)) bytes += ref.bytes;
      former = ref;
    }
  }
  return (bytes / (1024 * 1024)) * loadMsPerMb;
}

/** What must not be evicted: needed by a trip under way or by anything queued. Worked out only when asked. */
export function neededKeys(
  flights: readonly Flight[],
  queue: Iterable<Work>,
): (key: string) => boolean {
  let needed: Set<string> | undefined;
  const collect = (): Set<string> => {
    const keys = new Set<string>();
    const add = (work: Work, unit: Unit): void => {
      for (const ref of unit.shards) keys.add(ref.key);
      for (const ref of work.constants) keys.add(ref.key);
    };
    for (const { items, done } of flights)
      for (const { work, unit } of items.slice(done)) add(work, unit);
    for (const work of queue)
      for (let i = work.next; i < work.units.length; i++) add(work, work.units[i]!);
    return keys;
  };
  return (key) => {
    needed ??= collect();
    return needed.has(key);
  };
}
