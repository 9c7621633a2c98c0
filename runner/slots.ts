import { LRUCache } from "lru-cache";
import type { ExecutorPool } from "../sandbox/pool.ts";
import { Slot, type SlotOptions } from "./slot.ts";
import type { Work } from "./work.ts";

const rebalanceMs = 20;

/** The slots of a runner, and which of them gets what: each work where it starts first, and a slot that idles steals. */
export class Slots implements Iterable<Slot> {
  readonly #slots: Slot[] = [];
  readonly #pool: ExecutorPool;
  readonly #options: Omit<SlotOptions, "slot" | "onIdle">;
  /** The first so many get work. */
  #count = 0;
  /** Where work of a name ran last: code there is warm, and for iterative jobs the shards are. */
  readonly #lastSlot = new LRUCache<string, Slot>({ max: 10_000 });
  #rebalance: NodeJS.Timeout | undefined;

  constructor(pool: ExecutorPool, options: Omit<SlotOptions, "slot" | "onIdle">) {
    this.#pool = pool;
    this.#options = options;
    this.#grow(pool.slots.length);
  }

  /** From now on so many work at once. What a slot too many has begun it ends; what waits there goes to the others. */
  resize(count: number): void {
    this.#grow(count);
    for (const surplus of this.#slots.slice(count)) {
      for (const work of surplus.takeQueued())
        (work.next > 0 ? surplus : this.#best(work, undefined)).enqueue(work);
      if (surplus.idle) surplus.rest();
    }
    this.pump();
  }

  #grow(count: number): void {
    this.#pool.grow(count);
    for (const slot of this.#pool.slots.slice(this.#slots.length))
      this.#slots.push(new Slot({ ...this.#options, slot, onIdle: (idle) => this.#idled(idle) }));
    this.#count = count;
  }

  [Symbol.iterator](): Iterator<Slot> {
    return this.#slots[Symbol.iterator]();
  }

  get count(): number {
    return this.#count;
  }

  /** Those that get work. */
  get #active(): readonly Slot[] {
    return this.#count === this.#slots.length ? this.#slots : this.#slots.slice(0, this.#count);
  }

  /** The slot whose executor is this process. */
  of(pid: number): Slot | undefined {
    return this.#slots.find((slot) => slot.pid === pid);
  }

  get busy(): number {
    return this.#slots.filter((slot) => slot.busy).length;
  }

  /** @param name the same for the same work of a later round */
  place(work: Work, name?: string): void {
    const slot = this.#best(work, name === undefined ? undefined : this.#lastSlot.get(name));
    if (name !== undefined) this.#lastSlot.set(name, slot);
    slot.enqueue(work);
  }

  /** Something may go on: a blob or a socket that was full. */
  pump(): void {
    for (const slot of this.#slots) slot.pump();
  }

  /** Some work has ended before its time. */
  drop(): void {
    for (const slot of this.#slots) slot.drop();
  }

  close(): void {
    clearTimeout(this.#rebalance);
    for (const slot of this.#slots) slot.close();
  }

  /** Where it would start first, counting the wait, what is missing there, and a touch of habit. */
  #best(work: Work, last: Slot | undefined): Slot {
    let best = this.#slots[0]!;
    let bestMs = Number.POSITIVE_INFINITY;
    for (const slot of this.#active) {
      const habitMs = slot === last ? -0.5 : 0;
      const downMs = slot.down ? 1_000 : 0;
      const ms = slot.waitMs(work.urgent) + slot.startMs(work) + habitMs + downMs;
      if (ms < bestMs) {
        best = slot;
        bestMs = ms;
      }
    }
    return best;
  }

  #idled(slot: Slot): void {
    if (this.#slots.indexOf(slot) < this.#count) this.#steal(slot);
    else slot.rest();
  }

  #steal(idle: Slot): void {
    let waiting = false;
    for (const donor of this.#slots) {
      if (donor === idle || !donor.waiting) continue;
      const work = donor.yieldWork((one) => idle.startMs(one));
      if (work) {
        idle.enqueue(work);
        return;
      }
      waiting = true;
    }
    // Not worth it now; it will be if what runs there takes longer than expected.
    if (waiting) this.#rebalance ??= setTimeout(() => this.#rebalanceNow(), rebalanceMs);
  }

  #rebalanceNow(): void {
    this.#rebalance = undefined;
    for (const slot of this.#active) if (slot.idle) slot.pump();
  }
}
