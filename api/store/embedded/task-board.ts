import type { Completion, Lease, LeaseRequest, Partition } from "../port.ts";
import { type Run, RunList } from "./run-list.ts";

/**
 * Where the tasks of one stage stand. Pure state, no I/O.
 *
 *   pending run --lease--> claim (held by 1 lease, or 2 with a copy) --complete--> done
 *        ^                   |
 *        +--release, expire--+   when the last lease on the claim goes
 *
 * A claim is [front, hi): answers come in order and move the front. When it is empty, the other lease on it is kept
 * as lost until it is answered, renewed, released or expired, because its answer is "late" and not "stale".
 */
interface Claim {
  front: number;
  hi: number;
  attempts: number;
  claimedAtMs: number;
  leases: Held[];
}

interface Held {
  token: string;
  holder: string;
  deadlineMs: number;
  claim: Claim;
}

export type BoardLease = Omit<Lease, "job" | "stage" | "changes" | "changed" | "stepUntil">;

/** Claims looked at for a copy per call: bounds the scan when one holder has very many claims. */
const backupScanMax = 1000;

export class TaskBoard {
  readonly tasks: number;
  #done: number;
  readonly #pending = new RunList();
  readonly #leases = new Map<string, Held>();
  /** Claims with exactly one lease: those that may be copied. */
  readonly #single = new Set<Claim>();
  /** No deadline is before this, so that most sweeps look at nothing. */
  #deadlineMinMs = Number.POSITIVE_INFINITY;

  /** `done`: disjoint runs in order that were answered before a restart. */
  constructor(tasks: number, done: readonly (readonly [lo: number, hi: number])[] = []) {
    this.tasks = tasks;
    let at = 0;
    for (const [lo, hi] of done) {
      this.#pending.insert(at, Math.max(at, lo), 0);
      at = Math.max(at, hi);
    }
    this.#pending.insert(at, tasks, 0);
    this.#done = tasks - this.#pending.tasks;
  }

  get done(): number {
    return this.#done;
  }

  get pending(): number {
    return this.#pending.tasks;
  }

  partition(): Pick<Partition, "pending" | "claims"> {
    const claims = new Set<Claim>();
    for (const { claim } of this.#leases.values()) if (claim.front < claim.hi) claims.add(claim);
    return {
      pending: Array.from(this.#pending, ({ lo, hi, attempts }) => [lo, hi, attempts] as const),
      claims: Array.from(claims, ({ front, hi, attempts, leases }) => {
        return { front, hi, attempts, holders: leases.map(({ holder }) => holder) };
      }),
    };
  }

  lease(request: LeaseRequest, newToken: () => string): BoardLease[] {
    const leases: BoardLease[] = [];
    const claimRuns = (from: number, to: number) => {
      while (leases.length < request.leases) {
        const run = this.#pending.take(from, to, request.tasksMax);
        if (!run) return;
        leases.push(this.#claim(run, request, newToken()));
      }
    };
    for (const [lo, hi] of request.prefer ?? []) claimRuns(lo, hi);
    if (request.preferOnly) return leases;
    claimRuns(0, this.tasks);
    if (request.backupAfterMs !== undefined && this.#pending.tasks === 0)
      this.#copyStragglers(request, request.backupAfterMs, leases, newToken);
    return leases;
  }

  #claim(run: Run, request: LeaseRequest, token: string): BoardLease {
    const claim: Claim = {
      front: run.lo,
      hi: run.hi,
      attempts: run.attempts,
      claimedAtMs: request.nowMs,
      leases: [],
    };
    this.#single.add(claim);
    return this.#hold(claim, request, token);
  }

  #hold(claim: Claim, request: LeaseRequest, token: string): BoardLease {
    const deadlineMs = request.nowMs + request.leaseMs;
    const held: Held = { token, holder: request.holder, deadlineMs, claim };
    const backup = claim.leases.length > 0;
    claim.leases.push(held);
    this.#leases.set(token, held);
    this.#deadlineMinMs = Math.min(this.#deadlineMinMs, deadlineMs);
    return {
      lo: claim.front,
      hi: claim.hi,
      token,
      attempt: claim.attempts + 1,
      deadlineMs,
      backup,
    };
  }

  #copyStragglers(
    request: LeaseRequest,
    backupAfterMs: number,
    leases: BoardLease[],
    newToken: () => string,
  ): void {
    let seen = 0;
    for (const claim of this.#single) {
      if (leases.length >= request.leases || ++seen > backupScanMax) return;
      if (request.nowMs - claim.claimedAtMs <= backupAfterMs) continue;
      if (claim.leases[0]!.holder === request.holder) continue;
      this.#single.delete(claim);
      leases.push(this.#hold(claim, request, newToken()));
    }
  }

  /** Tokens whose claim this call emptied are added to `redundant`. */
  complete(
    { token, lo, hi }: Pick<Completion, "token" | "lo" | "hi">,
    redundant: string[],
  ): "accepted" | "late" | "stale" {
    const held = this.#leases.get(token);
    if (!held || lo >= hi) return "stale";
    const { claim } = held;
    if (hi > claim.hi || lo > claim.front) return "stale";
    if (hi <= claim.front) return "late";
    if (lo < claim.front) {
      // Part of it is new, but outputs of a run are not cut: the holder cannot answer the rest in order any more.
      this.#detach(held, false);
      return "late";
    }
    claim.front = hi;
    this.#done += hi - lo;
    if (claim.front === claim.hi) {
      this.#single.delete(claim);
      this.#leases.delete(token);
      for (const other of claim.leases) if (other !== held) redundant.push(other.token);
    }
    return "accepted";
  }

  /** Returns whether the task was pending; it is done then. */
  recall(task: number): boolean {
    if (!this.#pending.take(task, task + 1, 1)) return false;
    this.#done++;
    return true;
  }

  /** Returns the attempts that were used by the tasks given back, 0 for a token that does not exist. */
  release(token: string, penalty: boolean): number {
    const held = this.#leases.get(token);
    return held ? this.#detach(held, penalty) : 0;
  }

  /** Returns whether the lease still holds something. */
  renew(token: string, deadlineMs: number): boolean {
    const held = this.#leases.get(token);
    if (!held || held.claim.front === held.claim.hi) return false;
    held.deadlineMs = deadlineMs;
    this.#deadlineMinMs = Math.min(this.#deadlineMinMs, deadlineMs);
    return true;
  }

  /** Whether the lease holds all tasks, alone, and has answered none. */
  holdsAll(token: string): boolean {
    const claim = this.#leases.get(token)?.claim;
    return claim?.front === 0 && claim.hi === this.tasks && claim.leases.length === 1;
  }

  /** The same tasks anew, for a lease that holds them all. */
  renewAll(token: string, nowMs: number): void {
    const { claim } = this.#leases.get(token)!;
    claim.claimedAtMs = nowMs;
    claim.attempts = 0;
  }

  expire(nowMs: number): { requeued: number; attempts: number } {
    let requeued = 0;
    let attempts = 0;
    if (nowMs < this.#deadlineMinMs) return { requeued, attempts };
    this.#deadlineMinMs = Number.POSITIVE_INFINITY;
    for (const held of this.#leases.values()) {
      if (held.deadlineMs > nowMs) {
        this.#deadlineMinMs = Math.min(this.#deadlineMinMs, held.deadlineMs);
        continue;
      }
      if (held.claim.front < held.claim.hi) requeued++;
      attempts = Math.max(attempts, this.#detach(held, true));
    }
    return { requeued, attempts };
  }

  #detach(held: Held, penalty: boolean): number {
    const { claim } = held;
    this.#leases.delete(held.token);
    if (claim.front === claim.hi) return 0;
    if (penalty) claim.attempts++;
    claim.leases = claim.leases.filter((other) => other !== held);
    if (claim.leases.length === 0) {
      this.#single.delete(claim);
      this.#pending.insert(claim.front, claim.hi, claim.attempts);
    } else this.#single.add(claim);
    return claim.attempts;
  }
}
