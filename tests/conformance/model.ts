import type {
  CompleteOutcome,
  Completion,
  Lease,
  LeaseRequest,
  RecalledTask,
  Store,
} from "../../api/store/port.ts";
import { digestOf } from "../../protocol/digest.ts";
import type { Control, Output, PauseCause, Stage } from "../../protocol/job.ts";
import { newJob } from "./context.ts";
import { nowMs, randomOf, stageOf } from "./fixtures.ts";
import { answersOf, anyEarner, anyRequest } from "./random-requests.ts";

/** One task, the naive way: every task has a record of its own. */
type Task =
  | { at: "pending"; attempts: number }
  | { at: "claimed"; claim: Claim }
  | { at: "done"; hash: string };

interface Claim {
  attempts: number;
  claimedAtMs: number;
  tokens: Set<string>;
}

interface Held {
  lease: Lease;
  holder: string;
  deadlineMs: number;
  claim: Claim;
}

const attemptsMax = 1000;

/**
 * A random history of one job, checked after every step against a model with a record per task: every lease must be
 * of pending tasks or a rightful copy, every answer must be judged as the model judges it, and the counts must agree.
 */
export class History {
  readonly #store: Store;
  readonly #random: (below: number) => number;
  readonly #id: string;
  #tasks: Task[] = [];
  #held = new Map<string, Held>();
  #gone: string[] = [];
  #stage = 0;
  #tasksDone = 0;
  /** With a fuel of 1 each. */
  #recalled = 0;
  /** By earner; with a fuel of 1 a task. */
  readonly #earned = new Map<string, number>();
  #nowMs = nowMs;
  #answers = 0;
  #pauses: Partial<Record<PauseCause, string>> = {};
  #control: Control | undefined;
  #finished = 0;

  private constructor(store: Store, seed: number, id: string, tasks: number) {
    this.#store = store;
    this.#random = randomOf(seed);
    this.#id = id;
    this.#reset(tasks);
  }

  static async begin(store: Store, seed: number): Promise<History> {
    const tasks = 1 + randomOf(seed)(60);
    const id = await newJob(store, tasks);
    await store.jobs.setStatus(id, "running", { nowMs });
    return new History(store, seed, id, tasks);
  }

  get #paused(): boolean {
    return Object.keys(this.#pauses).length > 0;
  }

  get id(): string {
    return this.#id;
  }

  #reset(tasks: number): void {
    this.#tasks = Array.from({ length: tasks }, () => ({ at: "pending", attempts: 0 }));
    for (const token of this.#held.keys()) this.#gone.push(token);
    this.#held = new Map();
    this.#finished = 0;
    this.#control = undefined;
  }

  async step(): Promise<void> {
    const dice = this.#random(100);
    this.#nowMs += this.#random(50);
    if (dice < 4) await this.#leaseAll();
    else if (dice < 35) await this.#lease();
    else if (dice < 70) await this.#complete();
    else if (dice < 75) await this.#recall();
    else if (dice < 83) await this.#release();
    else if (dice < 87) await this.#renew();
    else if (dice < 92) await this.#expire();
    else if (dice < 94) await this.#pauseOrResume();
    else if (dice < 97) await this.#advance();
    else await this.#follow();
    await this.#compare();
  }

  /** Answers what is left; the stage must then have finished exactly once and hold each task's winning output. */
  async drain(): Promise<void> {
    while (this.#paused) await this.#pauseOrResume();
    this.#nowMs += 1e9;
    await this.#expire();
    while (this.#tasks.some(({ at }) => at !== "done")) {
      const leases = await this.#leaseAs({
        ...this.#request(),
        leases: 5,
        holder: "ses_drain",
        preferOnly: false,
      });
      if (leases.length === 0) throw this.#wrong("tasks are left and nothing is leased");
      for (const lease of leases) await this.#answer([[lease.token, lease.lo, lease.hi]]);
    }
    if (this.#finished !== 1) throw this.#wrong(`the stage finished ${this.#finished} times`);
    const outputs = await this.#store.jobs.outputs(this.#id, this.#stage);
    const kept = outputs.map(({ index, hash }) => `${index} ${hash}`).join("\n");
    const won = this.#tasks.map((task, i) => `${i} ${task.at === "done" && task.hash}`).join("\n");
    if (kept !== won) throw this.#wrong("an output is not the winner's");
    await this.#compare();
  }

  #request(): LeaseRequest {
    return anyRequest(this.#random, this.#tasks.length, this.#nowMs);
  }

  async #lease(): Promise<void> {
    await this.#leaseAs(this.#request());
  }

  /** All tasks in one lease, when all are pending, and often a round or two with it. */
  async #leaseAll(): Promise<void> {
    const tasksMax = this.#tasks.length;
    await this.#leaseAs({ ...this.#request(), leases: 1, tasksMax, prefer: [[0, tasksMax]] });
    while (this.#random(3) > 0) await this.#follow();
  }

  async #leaseAs(request: LeaseRequest): Promise<Lease[]> {
    const leases = await this.#store.jobs.lease(this.#id, request);
    if (leases.length > request.leases) throw this.#wrong("more leases than asked for");
    if (this.#paused && leases.length > 0) throw this.#wrong("a paused job was leased");
    const wanted = (task: number) =>
      !request.preferOnly || (request.prefer ?? []).some(([lo, hi]) => task >= lo && task < hi);
    for (const lease of leases) {
      if (lease.backup) this.#copied(lease, request);
      else this.#claimed(lease, request, wanted);
    }
    const left = this.#tasks.some(({ at }, task) => at === "pending" && wanted(task));
    if (left && !this.#paused && leases.length < request.leases)
      throw this.#wrong("pending tasks were not leased");
    return leases;
  }

  #claimed(lease: Lease, request: LeaseRequest, wanted: (task: number) => boolean): void {
    const { lo, hi } = lease;
    if (hi <= lo || hi - lo > request.tasksMax) throw this.#wrong(`a lease of [${lo}, ${hi})`);
    const claim: Claim = {
      attempts: lease.attempt - 1,
      claimedAtMs: request.nowMs,
      tokens: new Set([lease.token]),
    };
    for (let i = lo; i < hi; i++) {
      const task = this.#tasks[i];
      if (task?.at !== "pending") throw this.#wrong(`task ${i} was leased and is ${task?.at}`);
      if (task.attempts !== claim.attempts) throw this.#wrong(`task ${i} has other attempts`);
      if (!wanted(i)) throw this.#wrong(`task ${i} was not preferred`);
      this.#tasks[i] = { at: "claimed", claim };
    }
    this.#hold(lease, request, claim);
  }

  #copied(lease: Lease, request: LeaseRequest): void {
    const task = this.#tasks[lease.lo];
    if (task?.at !== "claimed") throw this.#wrong("a copy of what is not claimed");
    const { claim } = task;
    const whole = this.#tasks.flatMap((other, i) =>
      other.at === "claimed" && other.claim === claim ? [i] : [],
    );
    if (whole[0] !== lease.lo || whole.length !== lease.hi - lease.lo)
      throw this.#wrong("a copy of part of a claim");
    if (this.#tasks.some(({ at }) => at === "pending")) throw this.#wrong("a copy before its time");
    if (claim.tokens.size !== 1) throw this.#wrong("a second copy");
    const [original] = claim.tokens;
    if (this.#held.get(original!)?.holder === request.holder)
      throw this.#wrong("a copy of one's own");
    if (
      request.backupAfterMs === undefined ||
      request.nowMs - claim.claimedAtMs <= request.backupAfterMs
    )
      throw this.#wrong("a copy too early");
    claim.tokens.add(lease.token);
    this.#hold(lease, request, claim);
  }

  #hold(lease: Lease, request: LeaseRequest, claim: Claim): void {
    if (this.#held.has(lease.token)) throw this.#wrong("a token was given twice");
    if (lease.stage !== this.#stage) throw this.#wrong(`a lease of stage ${lease.stage}`);
    if (lease.attempt !== claim.attempts + 1) throw this.#wrong(`attempt ${lease.attempt}`);
    const deadlineMs = request.nowMs + request.leaseMs;
    this.#held.set(lease.token, { lease, holder: request.holder, deadlineMs, claim });
  }

  /** What of the claim is left. */
  #left(claim: Claim): number[] {
    return this.#tasks.flatMap((task, i) =>
      task.at === "claimed" && task.claim === claim ? [i] : [],
    );
  }

  async #complete(): Promise<void> {
    const tokens = [...this.#held.keys()];
    const answers: [string, number, number][] = [];
    for (let i = 0; i <= this.#random(3); i++) {
      if (this.#random(12) === 0 || tokens.length === 0) {
        const gone = this.#gone[this.#random(this.#gone.length)] ?? "never";
        answers.push([gone, 0, 1]);
        continue;
      }
      const [token] = tokens.splice(this.#random(tokens.length), 1);
      const { lease, claim } = this.#held.get(token!)!;
      const left = this.#left(claim);
      // Mostly the next tasks; sometimes what a slow holder would send, that others have answered already.
      const front = left[0] ?? lease.hi;
      const lo = this.#random(4) === 0 ? lease.lo + this.#random(front - lease.lo + 1) : front;
      if (lo >= lease.hi) answers.push([token!, lease.lo, lease.hi]);
      else answers.push([token!, lo, lo + 1 + this.#random(lease.hi - lo)]);
    }
    await this.#answer(answers);
  }

  async #answer(
    answers: readonly (readonly [token: string, lo: number, hi: number])[],
  ): Promise<void> {
    const completions = answers.map(([token, lo, hi]) => {
      this.#answers++;
      const outputs = answersOf(lo, hi, this.#answers);
      const completion = { token, lo, hi, outputs, earner: anyEarner(this.#random) };
      if (this.#random(3) > 0) return completion;
      return { ...completion, control: { records: this.#answers } };
    });
    const redundant: string[] = [];
    const expected = completions.map((completion) => this.#judge(completion, redundant));
    const outcome = await this.#store.jobs.complete(this.#id, completions);
    this.#check(outcome, expected);
    if (outcome.redundant.join() !== redundant.join())
      throw this.#wrong(`redundant ${outcome.redundant.join()}, expected ${redundant.join()}`);
  }

  /** Some tasks' results were remembered: those that are pending are done, and nobody earns by them. */
  async #recall(): Promise<void> {
    const stage = this.#random(8) === 0 ? this.#stage - 1 : this.#stage;
    const recalled = Array.from({ length: 1 + this.#random(5) }, (): RecalledTask => {
      const task = this.#random(this.#tasks.length);
      this.#answers++;
      const outputs = answersOf(task, task + 1, this.#answers);
      if (this.#random(3) > 0) return { task, outputs };
      return { task, outputs, control: { records: this.#answers } };
    });
    const expected = recalled.map(({ task, outputs, control }) => {
      if (stage !== this.#stage) return "stale";
      if (this.#tasks[task]!.at !== "pending") return "late";
      this.#tasks[task] = { at: "done", hash: outputs[0]!.hash };
      this.#recalled++;
      if (control) this.#control = control;
      return "accepted";
    });
    this.#check(await this.#store.jobs.recall(this.#id, stage, recalled), expected);
  }

  #check(outcome: CompleteOutcome, expected: readonly string[]): void {
    if (outcome.results.join() !== expected.join())
      throw this.#wrong(`judged ${outcome.results.join()}, expected ${expected.join()}`);
    if (outcome.done !== this.#done()) throw this.#wrong(`${outcome.done} done`);
    const finished = expected.includes("accepted") && this.#done() === this.#tasks.length;
    if (outcome.finished !== finished) throw this.#wrong(`finished is ${outcome.finished}`);
    if (!finished) return;
    this.#finished++;
    const tasks = this.#tasks.length;
    const { summary } = outcome;
    if (summary?.outputs !== tasks || summary.fuel !== tasks || summary.bytes !== tasks * 3)
      throw this.#wrong(`summary ${JSON.stringify(summary)}`);
    if (outcome.control?.records !== this.#control?.records)
      throw this.#wrong(`control ${JSON.stringify(outcome.control)}`);
  }

  #earn(earner: string, tasks: number): void {
    this.#tasksDone += tasks;
    this.#earned.set(earner, (this.#earned.get(earner) ?? 0) + tasks);
  }

  #judge(
    { token, lo, hi, outputs, earner, control }: Completion,
    redundant: string[],
  ): "accepted" | "late" | "stale" {
    const held = this.#held.get(token);
    if (!held) return "stale";
    const left = this.#left(held.claim);
    const front = left[0];
    if (front === undefined || hi <= front) return "late";
    if (lo < front) {
      this.#detach(token, held, false);
      return "late";
    }
    for (let i = lo; i < hi; i++) this.#tasks[i] = { at: "done", hash: outputs[i - lo]!.hash };
    this.#earn(earner, hi - lo);
    if (control) this.#control = control;
    if (left.length === hi - lo) {
      for (const other of held.claim.tokens) if (other !== token) redundant.push(other);
      this.#held.delete(token);
      this.#gone.push(token);
    }
    return "accepted";
  }

  /** Returns the attempts used by what the lease had left, 0 when it had nothing. */
  #detach(token: string, { claim }: Held, penalty: boolean): number {
    this.#held.delete(token);
    this.#gone.push(token);
    claim.tokens.delete(token);
    const left = this.#left(claim);
    if (left.length === 0) return 0;
    if (penalty) claim.attempts++;
    if (claim.tokens.size === 0)
      for (const i of left) this.#tasks[i] = { at: "pending", attempts: claim.attempts };
    return claim.attempts;
  }

  async #release(): Promise<void> {
    const tokens = [...this.#held.keys()].filter(() => this.#random(4) === 0);
    const penalty = this.#random(2) === 0;
    const limit = this.#random(10) === 0 ? 2 : attemptsMax;
    let used = 0;
    for (const token of tokens)
      used = Math.max(used, this.#detach(token, this.#held.get(token)!, penalty));
    const outcome = await this.#store.jobs.release(this.#id, [...tokens, "never"], {
      penalty,
      attemptsMax: limit,
    });
    const expected = penalty && used >= limit ? "exhausted" : "released";
    if (outcome !== expected) throw this.#wrong(`${outcome}, expected ${expected}`);
  }

  async #renew(): Promise<void> {
    const tokens = [...this.#held.keys()].filter(() => this.#random(2) === 0);
    const deadlineMs = this.#nowMs + 1000;
    const gone = await this.#store.jobs.renew(this.#id, [...tokens, "never"], deadlineMs);
    const expected = ["never"];
    for (const token of tokens.reverse()) {
      const held = this.#held.get(token)!;
      if (this.#left(held.claim).length === 0) expected.unshift(token);
      else held.deadlineMs = deadlineMs;
    }
    if (gone.join() !== expected.join()) throw this.#wrong(`${gone.join()} are gone`);
  }

  async #expire(): Promise<void> {
    let requeued = 0;
    for (const [token, held] of this.#held) {
      if (held.deadlineMs > this.#nowMs) continue;
      if (this.#detach(token, held, true) > 0) requeued++;
    }
    const outcome = await this.#store.jobs.expire(this.#id, this.#nowMs, attemptsMax);
    if (outcome.requeued !== requeued)
      throw this.#wrong(`${outcome.requeued} requeued, expected ${requeued}`);
  }

  async #pauseOrResume(): Promise<void> {
    const { jobs } = this.#store;
    const by = this.#random(2) === 0 ? "budget" : "consumer";
    const { [by]: ours, ...others } = this.#pauses;
    const held = Object.keys(others).length > 0;
    if (this.#random(2) === 0) {
      const reason = `step ${this.#answers}`;
      const outcome = await jobs.pause(this.#id, by, { reason });
      const expected = ours !== undefined ? "already" : held ? "held" : "paused";
      if (outcome !== expected) throw this.#wrong(`pause is ${outcome}, expected ${expected}`);
      if (ours === undefined) this.#pauses = { ...others, [by]: reason };
    } else {
      const outcome = await jobs.resume(this.#id, by, { nowMs: this.#nowMs });
      const expected = ours === undefined ? "already" : held ? "held" : "resumed";
      if (outcome !== expected) throw this.#wrong(`resume is ${outcome}, expected ${expected}`);
      this.#pauses = others;
    }
  }

  async #advance(): Promise<void> {
    const done = this.#done() === this.#tasks.length;
    const tasks = 1 + this.#random(60);
    const next = stageOf(this.#stage + 1, tasks);
    const drop = { drop: [this.#stage] };
    const askers = [this.#stage, this.#stage, this.#stage - 1].map((from) =>
      this.#store.jobs.advance(this.#id, from, next, drop),
    );
    const outcomes = await Promise.all(askers);
    const advanced = outcomes.filter((outcome) => outcome === "advanced").length;
    if (advanced !== (done ? 1 : 0) || outcomes[2] === "advanced")
      throw this.#wrong(`advance: ${outcomes.join()}`);
    if (!done) return;
    if (this.#finished !== 1) throw this.#wrong(`the stage finished ${this.#finished} times`);
    this.#stage++;
    this.#reset(tasks);
  }

  async #follow(): Promise<void> {
    const tokens = [...this.#held.keys()];
    const token = tokens[this.#random(tokens.length)] ?? "never";
    const claim = this.#held.get(token)?.claim;
    const tasks = this.#tasks.length;
    const alone = claim?.tokens.size === 1 && this.#left(claim).length === tasks;
    const from = this.#random(10) === 0 ? this.#stage + 1 : this.#stage;
    const keeps = this.#random(4) > 0;
    const next: Stage = {
      ...stageOf(this.#stage + 2, keeps ? tasks : 1 + this.#random(60)),
      entry: keeps ? "map" : "finish",
      state: this.#stage + 1,
    };
    const hash = digestOf(`${token} ${next.number}`);
    const inline = Buffer.from("state");
    const state: Output = { level: 0, index: 0, hash, fuel: 1, bytes: 5, hostClass: "v8", inline };
    const earner = anyEarner(this.#random);
    const outcome = await this.#store.jobs.follow(this.#id, token, from, next, {
      state,
      tasksDone: tasks + 1,
      fuel: tasks + 1,
      earner,
      drop: [this.#stage],
      nowMs: this.#nowMs,
    });
    const follows = alone && from === this.#stage;
    const taken = !this.#paused ? "followed" : "paused";
    if (outcome !== (follows ? taken : "lost")) throw this.#wrong(`follow: ${outcome}`);
    if (!follows) return;
    this.#earn(earner, tasks + 1);
    this.#stage += 2;
    const [kept] = await this.#store.jobs.outputs(this.#id, this.#stage - 1);
    if (kept?.hash !== hash) throw this.#wrong("the state is not kept");
    if (keeps) Object.assign(claim!, { attempts: 0, claimedAtMs: this.#nowMs });
    else this.#reset(next.tasks);
  }

  async #compare(): Promise<void> {
    const state = await this.#store.jobs.read(this.#id);
    if (state?.stage.number !== this.#stage) throw this.#wrong(`stage ${state?.stage.number}`);
    if (state.control?.records !== this.#control?.records)
      throw this.#wrong(`control ${JSON.stringify(state.control)}`);
    const { budget, consumer } = state.pauses ?? {};
    if (budget !== this.#pauses.budget || consumer !== this.#pauses.consumer)
      throw this.#wrong(`paused for ${budget}, ${consumer}`);
    if ((state.status === "paused") !== this.#paused) throw this.#wrong(`is ${state.status}`);
    if (state.done !== this.#done()) throw this.#wrong(`${state.done} tasks are done`);
    if (state.tasksDone !== this.#tasksDone || state.fuel !== this.#tasksDone)
      throw this.#wrong(`${state.tasksDone} tasks are done in all, fuel ${state.fuel}`);
    const { tasks = 0, fuel = 0 } = state.remembered ?? {};
    if (tasks !== this.#recalled || fuel !== this.#recalled)
      throw this.#wrong(`${tasks} tasks were recalled, fuel ${fuel}; expected ${this.#recalled}`);
    if (this.#random(3) > 0) return;
    const line = (earner: string, fuel: number, tasks: number) => `${earner}: ${fuel}, ${tasks}`;
    const earnings = await this.#store.jobs.earned(this.#id);
    const counted = earnings.map(({ earner, fuel, tasks }) => line(earner, fuel, tasks)).sort();
    const expected = [...this.#earned].map(([earner, tasks]) => line(earner, tasks, tasks)).sort();
    if (counted.join("; ") !== expected.join("; "))
      throw this.#wrong(`counted ${counted.join("; ")}, expected ${expected.join("; ")}`);
  }

  #done(): number {
    return this.#tasks.filter(({ at }) => at === "done").length;
  }

  #wrong(what: string): Error {
    return new Error(
      `${what} (stage ${this.#stage}, ${this.#done()} of ${this.#tasks.length} done)`,
    );
  }
}
