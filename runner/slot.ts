import { GridError } from "../protocol/errors.ts";
import type { ExecutorSlot } from "../sandbox/pool.ts";
import type { Executor, ExecutorReply } from "../sandbox/port.ts";
import type { BlobClient } from "./blob-client.ts";
import { BlobFeed, lostOf, releaseBlobs } from "./blob-feed.ts";
import { Flight, type FlightItem, nextFlightItems } from "./flight.ts";
import type { LoadRef } from "./job-context.ts";
import { errorBodyOf, guestErrorBody } from "./outputs.ts";
import { Pace } from "./pace.ts";
import { SlotMemory } from "./slot-memory.ts";
import { neededKeys, startMs } from "./slot-needs.ts";
import { resolveUnit, type Unit } from "./units.ts";
import type { Work } from "./work.ts";
import { unknownMs, WorkQueue } from "./work-queue.ts";

export interface SlotOptions {
  slot: ExecutorSlot;
  blobs: BlobClient;
  residentBytesMax: () => number;
  /** What share of the time it may work, 0 to 1, as of now. */
  share: () => number;
  bundlesMax: number;
  /** Results wait for the socket: start nothing more. */
  congested: () => boolean;
  /** Nothing is queued here. May enqueue something. */
  onIdle: (slot: Slot) => void;
  /** No process can be had: what was queued here goes back. */
  onDown: (works: Work[], error: unknown) => void;
}

/** Trips on the pipe at once: while one computes, the next is already there. */
const flightsMax = 2;
/** A further trip is sent once what is on the pipe will end within this: until then another slot may take the work. */
const aheadMs = 5;
/** A cancelled call to the guest that ends by itself within this costs less than a new process. */
const cancelGraceMs = 50;
const downMs = 1_000;
/**
 * One executor and what it is to do.
 *
 * `pump` is called whenever something changed (work or a blob came, a trip ended, the socket has room) and sends what
 * can be sent. A dead executor's work is sent again, but for the unit that was at work, which fails with the cause.
 */
export class Slot {
  readonly #options: SlotOptions;
  readonly #memory: SlotMemory;
  readonly #feed: BlobFeed;
  readonly #queue = new WorkQueue();
  #flights: Flight[] = [];
  #executor: Executor | undefined;
  #starting = false;
  #pumping = false;
  readonly #pace: Pace;
  #restTimer: NodeJS.Timeout | undefined;
  #cancelCheck: NodeJS.Timeout | undefined;
  #downTimer: NodeJS.Timeout | undefined;
  #killedBy: GridError | undefined;
  #closed = false;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#memory = new SlotMemory(options);
    this.#feed = new BlobFeed(options.blobs, this.#memory);
    this.#pace = new Pace(options.share);
  }

  get pid(): number | undefined {
    return this.#options.slot.executor?.pid;
  }

  get owner(): string | undefined {
    return this.#options.slot.owner;
  }

  get busy(): boolean {
    return this.#flights.length > 0;
  }

  get idle(): boolean {
    return this.#flights.length === 0 && this.#queue.length === 0 && !this.#starting;
  }

  get down(): boolean {
    return this.#downTimer !== undefined;
  }

  /** Whether something here has not begun. */
  get waiting(): boolean {
    for (const work of this.#queue) if (work.next === 0) return true;
    return false;
  }

  /** Expected time until work enqueued now would start; calls wait for calls alone, and what is on the pipe. */
  waitMs(urgent: boolean): number {
    const nowMs = performance.now();
    let wait = this.#pace.restMs(nowMs);
    this.#flights.forEach((flight, i) => {
      wait += Math.max(flight.remainingMs(nowMs, i === 0, unknownMs), 0.1);
    });
    return wait + this.#queue.backlogMs(urgent);
  }

  /** What starting this work here costs besides waiting, ms: a process to replace, an isolate to open, blobs to load. */
  startMs(work: Work): number {
    const executor = this.#currentExecutor();
    return startMs(work, {
      owner: this.owner,
      isOpen: (bundle) => executor?.isOpen(bundle) ?? false,
      isResident: (bundle, key) => this.#memory.has(bundle, key),
    });
  }

  enqueue(work: Work): void {
    work.slot = this;
    this.#queue.add(work);
    this.#pumpSoon();
  }

  /**
   * Gives away what has not begun: the first call, else the last lease, if it is worth it.
   * @param costMs what starting it elsewhere costs (blobs to load, a process to replace)
   */
  yieldWork(costMs: (work: Work) => number): Work | undefined {
    if (!this.busy && !this.#starting) return undefined;
    const fits = (work: Work): boolean => {
      if (work.ended || work.next > 0) return false;
      const aheadOfItMs = this.waitMs(work.urgent) - (work.backlogMs() ?? unknownMs);
      return this.#starting || costMs(work) < aheadOfItMs;
    };
    const work = this.#queue.toGive(fits);
    if (work) this.#queue.remove(work);
    return work;
  }

  /** Call after `work.ended` was set. Kills the process if it goes on computing for work that has ended. */
  drop(): void {
    this.#queue.dropEnded();
    if (this.#flights.some((flight) => this.#wasted(flight))) this.#watchCancelled();
    this.pump();
  }

  /** Takes back all that is not on the pipe. */
  takeQueued(): Work[] {
    return this.#queue.takeAll();
  }

  /** Drops resident shards that nothing queued needs. */
  forget(bundle: string, refs: Iterable<LoadRef>): void {
    const executor = this.#currentExecutor();
    if (executor) this.#memory.forget(executor, bundle, refs, this.#inUse());
  }

  /** Has no process for as long as nothing is enqueued. */
  rest(): void {
    this.#options.slot.rest(new GridError("task-lost", "the slot is not in use"));
  }

  /** Ends the process, and with it what it holds. Gives all work that was here and has not ended, begun or not. */
  shed(reason: GridError): Work[] {
    const begun = this.#flights.flatMap(({ items, done }) => items.slice(done));
    this.#flights = [];
    const works = new Set([...begun.map(({ work }) => work), ...this.takeQueued()]);
    this.#options.slot.restart(reason);
    this.#currentExecutor();
    return [...works].filter(({ ended }) => !ended);
  }

  close(): void {
    this.#closed = true;
    this.#queue.takeAll();
    this.#flights = [];
    clearTimeout(this.#restTimer);
    clearTimeout(this.#cancelCheck);
    clearTimeout(this.#downTimer);
  }

  /** Once all that came in this frame is queued: calls that came together then make one trip. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.pump();
    });
  }

  pump(): void {
    this.#failLost();
    while (!this.#closed && !this.#starting && !this.down && !this.#options.congested()) {
      const nowMs = performance.now();
      if (this.#flights.length >= (this.#pace.limited ? 1 : flightsMax)) break;
      const restMs = this.#pace.restMs(nowMs);
      if (restMs > 0) {
        this.#pumpAfter(restMs);
        break;
      }
      if (this.#flights.length > 0 && this.#remainingMs(nowMs) > aheadMs) break;
      const executor = this.#currentExecutor();
      const items = nextFlightItems(this.#queue, (work, unit) => this.#feed.ready(work, unit));
      const first = items[0];
      if (!first) {
        if (this.#queue.length > 0) break;
        if (this.#flights.length > 0) return;
        this.#options.onIdle(this);
        if (this.#queue.length > 0) continue;
        return;
      }
      if (!executor || this.owner !== first.work.owner) {
        // A process serves one owner: what is on the pipe ends first.
        if (this.#flights.length === 0) this.#start(first.work.owner);
        break;
      }
      this.#send(executor, items, nowMs);
    }
    this.#feed.prefetch(this.#queue);
  }

  #pumpAfter(restMs: number): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.pump(), restMs);
  }

  #remainingMs(nowMs: number): number {
    return this.#flights.reduce((sum, flight, i) => sum + flight.remainingMs(nowMs, i === 0, 0), 0);
  }

  /** The live process; notices when it is another one than last time. */
  #currentExecutor(): Executor | undefined {
    const executor = this.#options.slot.executor;
    if (executor !== this.#executor) {
      this.#executor = executor;
      this.#memory.clear();
    }
    return executor;
  }

  #start(owner: string): void {
    this.#starting = true;
    this.#options.slot.executorFor(owner).then(
      () => {
        this.#starting = false;
        this.pump();
      },
      (error: unknown) => {
        this.#starting = false;
        if (this.#closed) return;
        this.#downTimer = setTimeout(() => {
          this.#downTimer = undefined;
          this.pump();
        }, downMs);
        this.#options.onDown(this.takeQueued(), error);
      },
    );
  }

  /** Fails work whose next unit needs a blob that cannot be had; what precedes that unit is answered first. */
  #failLost(): void {
    for (const work of this.#queue) {
      const unit = work.units[work.next];
      if (work.lost.size === 0 || !unit || work.ended) continue;
      if (this.#flights.some((flight) => flight.holds(work))) continue;
      const error = lostOf(work, unit);
      if (error) work.failed(unit, error, 0);
    }
    this.#queue.dropEnded();
  }

  #send(executor: Executor, items: readonly FlightItem[], nowMs: number): void {
    const { work } = items[0]!;
    const { bundle } = work;
    const flight = new Flight(items, nowMs);
    this.#flights.push(flight);
    this.#queue.sent(items);

    try {
      this.#makeResident(executor, items);
    } catch (error) {
      this.#crashed(executor, flight, error);
      return;
    }
    const requests = items.map((item) =>
      resolveUnit(item.unit, (digest) => item.work.held.get(digest)!),
    );
    for (const item of items) releaseBlobs(item.work, item.unit);

    executor
      .run(bundle, requests, {
        timeoutMs: timeoutOf(items),
        onReply: (index, reply) => this.#replied(flight, index, reply),
      })
      .then(
        () => this.#landed(executor, flight),
        (error: unknown) => this.#crashed(executor, flight, error),
      );
  }

  #makeResident(executor: Executor, items: readonly FlightItem[]): void {
    this.#memory.open(executor, items[0]!.work, (other) => this.#bundleInUse(other));
    const inUse = this.#inUse();
    for (const { work } of items) this.#memory.load(executor, work, work.constants, inUse);
    for (const { work, unit } of items) this.#memory.load(executor, work, unit.shards, inUse);
  }

  #replied(flight: Flight, index: number, reply: ExecutorReply): void {
    if (!this.#flights.includes(flight)) return;
    const item = flight.items[index]!;
    flight.advance(index + 1, performance.now());
    const { work, unit } = item;
    const { error, fuel } = reply.header;
    if (!error) this.#memory.proved(work.bundle);
    else if (this.#executor)
      this.#memory.failed(this.#executor, work.bundle, error.code === "runner-fault");
    if (!work.ended) {
      if (error) work.failed(unit, guestErrorBody(error), fuel);
      else answer(work, unit, reply);
      if (work.ended) this.#queue.remove(work);
    }
    if (this.#flights.length < flightsMax) this.pump();
  }

  /** A trip came back; a guest's error may have ended it early. */
  #landed(executor: Executor, flight: Flight): void {
    if (!this.#flights.includes(flight)) return;
    this.#flights = this.#flights.filter((one) => one !== flight);
    this.#worked(flight);
    this.#flights[0]?.advance(this.#flights[0].done, performance.now());
    this.#queue.putBack(flight.items.slice(flight.done));
    if (executor === this.#options.slot.executor)
      this.#memory.retire(executor, flight, this.#inUse());
    this.pump();
  }

  /** The executor died, or would not take this trip. The unit at work is what it died of. */
  #crashed(executor: Executor, flight: Flight, error: unknown): void {
    if (!this.#flights.includes(flight)) return;
    const alive = this.#options.slot.executor === executor;
    const lost = alive ? [flight] : this.#flights;
    this.#flights = alive ? this.#flights.filter((one) => one !== flight) : [];
    const items = lost.flatMap((one) => one.items.slice(one.done));
    const culprit = this.#killedBy && !alive ? undefined : items[0];
    if (!alive) this.#killedBy = undefined;
    this.#currentExecutor();
    if (alive) this.#memory.failed(executor, flight.items[0]!.work.bundle, false);
    if (culprit && !culprit.work.ended) culprit.work.failed(culprit.unit, errorBodyOf(error), 0);
    this.#queue.putBack(items);
    this.#worked(flight);
    this.pump();
  }

  #worked({ sentAtMs }: Flight): void {
    const nowMs = performance.now();
    this.#pace.worked(nowMs - sentAtMs, nowMs);
  }

  #wasted(flight: Flight): boolean {
    return flight.items.some((item, i) => i >= flight.done && item.work.ended);
  }

  #watchCancelled(): void {
    this.#cancelCheck ??= setTimeout(() => {
      this.#cancelCheck = undefined;
      const current = this.#flights[0]?.current;
      if (current?.work.ended) {
        this.#killedBy = new GridError("job-cancelled", "the work was cancelled");
        this.#options.slot.restart(this.#killedBy);
      } else if (this.#flights.some((flight) => this.#wasted(flight))) this.#watchCancelled();
    }, cancelGraceMs);
  }

  #bundleInUse(bundle: string): boolean {
    for (const work of this.#queue) if (work.bundle === bundle) return true;
    return this.#flights.some((flight) => flight.items[0]!.work.bundle === bundle);
  }

  #inUse(): (key: string) => boolean {
    return neededKeys(this.#flights, this.#queue);
  }
}

/** A reply that does not have its entry's shape fails the work like any other bad output. */
function answer(work: Work, unit: Unit, reply: ExecutorReply): void {
  try {
    work.answered(unit, reply);
  } catch (error) {
    work.failed(unit, errorBodyOf(error), reply.header.fuel);
  }
}

/**
 * The wall clock is a backstop behind fuel, for one task. A call that carries a run of tasks gets more, but not so much
 * that a hostile one holds the slot for long.
 */
function timeoutOf(items: readonly FlightItem[]): number {
  const { work, unit } = items[0]!;
  return work.timeoutMs * Math.min(unit.hi - unit.lo, 4);
}
