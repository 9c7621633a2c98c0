import type { FlightItem } from "./flight.ts";
import type { Work } from "./work.ts";

/** Stands for an unknown compute time when backlogs are compared. */
export const unknownMs = 50;

/** What a slot has not put on its executor's pipe: calls first, then leases, each in the order they came. */
export class WorkQueue implements Iterable<Work> {
  #works: Work[] = [];

  get length(): number {
    return this.#works.length;
  }

  [Symbol.iterator](): Iterator<Work> {
    return this.#works[Symbol.iterator]();
  }

  add(work: Work): void {
    const at = work.urgent ? this.#works.findIndex((other) => !other.urgent) : -1;
    if (at < 0) this.#works.push(work);
    else this.#works.splice(at, 0, work);
  }

  remove(work: Work): void {
    this.#works = this.#works.filter((other) => other !== work);
  }

  /** The first call, else the last lease, that `fits`: what to give away. */
  toGive(fits: (work: Work) => boolean): Work | undefined {
    return this.#works.find((work) => work.urgent && fits(work)) ?? this.#works.findLast(fits);
  }

  takeAll(): Work[] {
    const all = this.#works;
    this.#works = [];
    return all;
  }

  dropEnded(): void {
    if (!this.#works.some((work) => work.ended)) return;
    this.#works = this.#works.filter((work) => !work.ended);
  }

  /** Their next units are on the pipe: what has no more leaves the queue. */
  sent(items: readonly FlightItem[]): void {
    for (const { work, index } of items) work.next = index + 1;
    const works = new Set(items.map(({ work }) => work));
    this.#works = this.#works.filter((one) => !works.has(one) || one.next < one.units.length);
  }

  /** Puts units that were sent in vain back to the front, in order. */
  putBack(items: readonly FlightItem[]): void {
    const works = new Set<Work>();
    for (const { work, index } of items) {
      if (work.ended) continue;
      work.next = Math.min(work.next, index);
      works.add(work);
    }
    this.#works = this.#works.filter((work) => !work.ended && !works.has(work));
    this.#works.unshift(...works);
  }

  /** Expected compute time of what would be worked off before new work; calls wait for calls alone. */
  backlogMs(urgent: boolean): number {
    let sum = 0;
    for (const work of this.#works)
      if (work.urgent || !urgent) sum += work.backlogMs() ?? unknownMs;
    return sum;
  }
}
