import { LRUCache } from "lru-cache";
import type { WebSocket } from "ws";
import { earnerOf } from "../../protocol/earner.ts";
import type { Envelope } from "../../protocol/frames.ts";
import { encodeFrame } from "../../protocol/frames.ts";
import type { GatewayToRunner } from "../../protocol/gateway-to-runner.ts";
import { hundredthsOf } from "../../protocol/http-payments.ts";
import type { Entry } from "../../protocol/job.ts";
import { frameBytesMax, leasesPerSlot } from "../../protocol/limits.ts";
import type { Paused, RunnerOffer } from "../../protocol/runner-offer.ts";
import type { RunnerToGateway } from "../../protocol/runner-to-gateway.ts";
import { bidHundredthsDefault } from "../payments/orders.ts";
import type { RunnerInfo } from "../ports.ts";
import { HeldLeases } from "./held-leases.ts";

export type Hello = Extract<RunnerToGateway, { type: "hello" }>;

/** A lease as the gateway that dispatched it sees it. */
export interface HeldLease {
  token: string;
  job: string;
  stage: number;
  entry: Entry;
  /** The next task to be answered; answers come in order. */
  next: number;
  hi: number;
  dispatchedAtMs: number;
  backup: boolean;
  /** Outputs of earlier stages that it was told to fetch: their digests. */
  inputs?: ReadonlySet<string>;
  /** Changes of its job's parameters, counted: that its holder was told, said to have used, and the store knows of. */
  changes: { told: number; said: number; stored: number };
  /** It follows its job through rounds: the one that it answers next, and the last that there may be. */
  follows?: {
    round: number;
    roundsMax: number;
    /** When its holder was asked to hand it back, since the job was paused. */
    yieldingSinceMs?: number;
  };
}

export interface RunnerOwner {
  account: string;
  key?: string | undefined;
}

/** Bytes waiting on a socket above which a runner gets no further work until it has read what it was sent. */
const backlogBytesMax = 64 * 1024 * 1024;
/** A runner names an output as soon as it has stored it: far fewer are under way at once. */
const storedKeptMax = 10_000;

/** One connected runner: what it is, what it holds, and the messages on their way to it. */
export class RunnerSession {
  readonly id: string;
  readonly hello: Hello;
  /** The account whose machine it is. */
  readonly owner: string;
  /** Whom its work is counted for. */
  readonly earner: string;
  /** Id of the key it came with. */
  readonly key: string | undefined;
  readonly connectedAtMs: number;
  readonly leases = new HeldLeases();
  readonly knownJobs = new Set<string>();
  /** Bundles that were sent along with a call. */
  readonly bundles = new LRUCache<string, true>({ max: 1000 });
  calls = 0;
  tasksDone = 0;
  tasksLost = 0;
  faults = 0;
  draining = false;
  /** It may not lend any more, and is being disconnected. */
  revoked = false;
  /** Pools that it is limited to, as jobs name them. */
  servesOnly: RunnerInfo["servesOnly"];
  #offer: RunnerOffer;
  cpu: number | undefined;
  rssMb: number | undefined;
  /** When it last said anything, a ping included. */
  heardAtMs: number;
  /** Its work was copied since it was last heard: it may have stalled, and gets nothing until it is heard again. */
  suspect = false;
  readonly #socket: WebSocket;
  /** Digests of what it has stored lately, oldest first. */
  readonly #stored = new Set<string>();
  #outgoing: Envelope<GatewayToRunner>[] = [];
  #outgoingBytes = 0;
  #flushing = false;

  constructor(
    id: string,
    hello: Hello,
    { account, key }: RunnerOwner,
    socket: WebSocket,
    connectedAtMs: number,
  ) {
    this.id = id;
    this.hello = hello;
    this.owner = account;
    this.earner = earnerOf(account, hello.runner);
    this.#offer = hello;
    this.key = key;
    this.connectedAtMs = connectedAtMs;
    this.heardAtMs = connectedAtMs;
    this.#socket = socket;
  }

  get slots(): number {
    return this.#offer.slots;
  }

  /** The multiple of the rate that it works for, in hundredths. */
  get askHundredths(): number {
    const { ask } = this.#offer;
    return ask === undefined ? bidHundredthsDefault : hundredthsOf(ask);
  }

  get paused(): Paused | undefined {
    return this.#offer.paused;
  }

  offer(offer: RunnerOffer): void {
    this.#offer = offer;
  }

  /** Pools are named by whoever owns the runner, and names change: to be called when either may have. */
  limitToPools(poolNamed: (account: string, name: string) => string | undefined): void {
    const names = this.#offer.pools;
    const pools = names?.flatMap((name) => poolNamed(this.owner, name) ?? []);
    this.servesOnly = names && { names, pools: new Set(pools) };
  }

  /** Further leases this runner may hold: a few a slot, so that none waits for the network between two. */
  get room(): number {
    if (this.draining || this.paused || this.suspect) return 0;
    if (this.#socket.bufferedAmount > backlogBytesMax) return 0;
    return Math.max(this.slots * leasesPerSlot - this.leases.size, 0);
  }

  /** Messages of one turn of the event loop share a frame. */
  send(message: GatewayToRunner, payloads: Uint8Array[] = []): void {
    this.#outgoing.push({ message, payloads });
    for (const payload of payloads) this.#outgoingBytes += payload.byteLength;
    if (this.#outgoingBytes > frameBytesMax / 2) this.#flush();
    else if (!this.#flushing) {
      this.#flushing = true;
      setImmediate(() => this.#flush());
    }
  }

  /** Returns whether it was suspect, so that there is room now that was none. */
  heard(nowMs: number): boolean {
    const wasSuspect = this.suspect;
    this.heardAtMs = nowMs;
    this.suspect = false;
    return wasSuspect;
  }

  noteStored(digest: string): void {
    this.#stored.delete(digest);
    this.#stored.add(digest);
    const [oldest] = this.#stored;
    if (this.#stored.size > storedKeptMax) this.#stored.delete(oldest!);
  }

  /** Who names a blob as its answer without having its bytes would have it read to them with the result. */
  hasStored(digest: string): boolean {
    return this.#stored.has(digest);
  }

  /** Ends the connection of a machine that does not answer any more. */
  cutOff(): void {
    this.#socket.terminate();
  }

  close(code: number, reason: string): void {
    this.#flush();
    this.#socket.close(code, reason);
  }

  info(): RunnerInfo {
    const busy = this.leases.size + this.calls;
    return {
      id: this.hello.runner,
      owner: this.owner,
      session: this.id,
      name: this.hello.name,
      version: this.hello.version,
      hostClass: this.hello.hostClass,
      platform: this.hello.platform,
      slots: this.slots,
      askHundredths: this.askHundredths,
      busy: Math.min(busy, this.slots),
      memoryMb: this.#offer.memoryMb,
      connectedAtMs: this.connectedAtMs,
      tasksDone: this.tasksDone,
      tasksLost: this.tasksLost,
      faults: this.faults,
      state: this.#state(busy),
      ...(this.paused && { paused: this.paused }),
      ...(this.servesOnly && { servesOnly: this.servesOnly }),
      ...(this.cpu === undefined ? {} : { cpu: this.cpu }),
      ...(this.rssMb === undefined ? {} : { rssMb: this.rssMb }),
    };
  }

  #state(busy: number): RunnerInfo["state"] {
    if (this.draining) return "draining";
    if (this.paused) return "paused";
    return busy > 0 ? "busy" : "idle";
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#outgoing.length === 0) return;
    const envelopes = this.#outgoing;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(encodeFrame(envelopes));
  }
}
