import type { Unit } from "./units.ts";
import type { Work } from "./work.ts";

export interface FlightItem {
  work: Work;
  unit: Unit;
  index: number;
}

/** Units sent to an executor in one trip; answered in order. */
export class Flight {
  readonly items: readonly FlightItem[];
  readonly sentAtMs: number;
  /** Items answered so far. */
  done = 0;
  #sinceMs: number;

  constructor(items: readonly FlightItem[], nowMs: number) {
    this.items = items;
    this.sentAtMs = nowMs;
    this.#sinceMs = nowMs;
  }

  /** The item at work, when this is the executor's oldest flight. */
  get current(): FlightItem | undefined {
    return this.items[this.done];
  }

  /** The executor turned to the next item. */
  advance(done: number, nowMs: number): void {
    this.done = done;
    this.#sinceMs = nowMs;
  }

  /**
   * Expected time until all is answered. An item that has overrun what was expected of it is taken to need as long
   * again as it has overrun.
   * @param atWork whether this is the executor's oldest flight, so that its current item has begun
   * @param unknownMs stands for a compute time that nobody knows yet
   */
  remainingMs(nowMs: number, atWork: boolean, unknownMs: number): number {
    let remaining = 0;
    for (let i = this.done; i < this.items.length; i++) {
      const { work, unit } = this.items[i]!;
      const expected = work.ended ? 0 : (work.expectedMs(unit) ?? unknownMs);
      const began = atWork && i === this.done;
      remaining += began ? Math.abs(expected - (nowMs - this.#sinceMs)) : expected;
    }
    return remaining;
  }

  holds(work: Work): boolean {
    return this.items.some((item, i) => i >= this.done && item.work === work);
  }
}

/** Aim of one trip: long enough to hide the pipe, short enough that a call does not wait long behind it. */
const flightMs = 20;
const flightUnitsMax = 256;
const flightBytesMax = 16 * 1024 * 1024;
const flightRequestBytesMax = 1024 * 1024;

/**
 * What the next flight carries: the units of one lease that are ready, or all ready calls of one bundle.
 * @param queue what waits, in the order it is to be worked off
 * @param ready whether all blobs of a unit are here (and starts fetching them if not)
 */
export function nextFlightItems(
  queue: Iterable<Work>,
  ready: (work: Work, unit: Unit) => boolean,
): FlightItem[] {
  for (const work of queue) {
    const unit = work.units[work.next];
    if (work.ended || !unit || !ready(work, unit)) continue;
    return work.urgent ? callItems(queue, work, ready) : leaseItems(work, ready);
  }
  return [];
}

function leaseItems(work: Work, ready: (work: Work, unit: Unit) => boolean): FlightItem[] {
  const items: FlightItem[] = [];
  let bytes = 0;
  const unitsMax = unitsWanted(work);
  for (let index = work.next; index < work.units.length && items.length < unitsMax; index++) {
    const unit = work.units[index]!;
    bytes += bytesOf(unit);
    if (items.length > 0 && (bytes > flightBytesMax || !ready(work, unit))) break;
    items.push({ work, unit, index });
  }
  return items;
}

function callItems(
  queue: Iterable<Work>,
  first: Work,
  ready: (work: Work, unit: Unit) => boolean,
): FlightItem[] {
  const items: FlightItem[] = [];
  let bytes = 0;
  const unitsMax = unitsWanted(first);
  for (const work of queue) {
    if (items.length >= unitsMax) break;
    const fits =
      work.urgent &&
      !work.ended &&
      work.next === 0 &&
      work.bundle === first.bundle &&
      work.owner === first.owner &&
      work.timeoutMs === first.timeoutMs;
    const unit = work.units[0];
    if (!fits || !unit || !ready(work, unit)) continue;
    bytes += bytesOf(unit);
    if (items.length > 0 && bytes > flightBytesMax) break;
    items.push({ work, unit, index: 0 });
  }
  return items;
}

/** One at first, to learn how long a task takes. */
function unitsWanted(work: Work): number {
  const first = work.units[work.next]!;
  const each = work.expectedMs(first);
  if (each === undefined) return 1;
  const byTime = Math.floor(flightMs / Math.max(each, 0.001));
  const byBytes = Math.floor(flightRequestBytesMax / Math.max(work.requestBytes, 1));
  return Math.max(1, Math.min(byTime, byBytes, flightUnitsMax));
}

function bytesOf(unit: Unit): number {
  let bytes = 0;
  for (const shard of unit.shards) bytes += shard.bytes;
  for (const part of unit.parts) bytes += part instanceof Uint8Array ? part.byteLength : part.bytes;
  return bytes;
}
