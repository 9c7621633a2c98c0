import { LRUCache } from "lru-cache";
import type { Digest } from "../../../protocol/digest.ts";
import {
  type Control,
  endedStatuses,
  type JobSpec,
  type JobState,
  type JobStatus,
  type Output,
  type Stage,
} from "../../../protocol/job.ts";
import type {
  AdvanceOptions,
  CompleteOutcome,
  Completion,
  Earning,
  JobStore,
  Lease,
  LeaseRequest,
  Partition,
  RecalledTask,
  RoundAnswer,
  StatusChange,
} from "../port.ts";
import { readOutcome } from "./complete-reply.ts";
import type { Argument, Connection } from "./connection.ts";
import { activeKey, earnedKey, garbageKey, jobKey, jobKeys, jobOfKey, largeKeys } from "./keys.ts";
import type { Notices } from "./notices.ts";
import { type OutputSelection, readOutputs } from "./outputs.ts";
import { readPartition } from "./partition.ts";
import { scanKeys, scanSet } from "./scan.ts";
import { type Call, RedisSteer } from "./steer.ts";
import { readSteering, steeringFields } from "./steering.ts";
import {
  controlJson,
  eventArgs,
  outputArgs,
  pushCompletion,
  requireNumbers,
  totalsOf,
} from "./verb-args.ts";

/** A creator that died between its two writes leaves an id without a job; after so long, nobody is in between. */
const orphanAfterMs = 60_000;
const specsKeptChars = 16 * 1024 * 1024;

const facts = [
  "status",
  "stage",
  "done",
  "control",
  "tasksDone",
  "fuel",
  "metrics",
  "error",
  "resultStage",
  "startedAtMs",
  "endedAtMs",
  "recalledTasks",
  "recalledFuel",
  ...steeringFields,
] as const;

export interface RedisJobsOptions {
  connection: Connection;
  notices: Notices;
  /** A new id for a request, so that it may be sent again when its reply is lost. */
  newRequest: () => string;
  clock: () => number;
}

/** Jobs in Redis: each verb is one server-side function (the .lua files), on keys of one slot. */
export class RedisJobs implements JobStore {
  readonly #connection: Connection;
  readonly #notices: Notices;
  readonly #newRequest: () => string;
  readonly #clock: () => number;
  readonly pause: JobStore["pause"];
  readonly resume: JobStore["resume"];
  readonly changeParams: JobStore["changeParams"];
  readonly #specs = new LRUCache<string, JobSpec>({ maxSize: specsKeptChars });

  constructor(options: RedisJobsOptions) {
    this.#connection = options.connection;
    this.#notices = options.notices;
    this.#newRequest = options.newRequest;
    this.#clock = options.clock;
    const call: Call = (...asked) => this.#call(...asked);
    const steer = new RedisSteer(call, (id) => this.#notices.jobChanged(id));
    this.pause = (...asked) => steer.pause(...asked);
    this.resume = (...asked) => steer.resume(...asked);
    this.changeParams = (...asked) => steer.changeParams(...asked);
  }

  async create(spec: JobSpec, stage: Stage): Promise<"created" | "exists"> {
    // Active first: a job that is in no list would never be worked on, an id without a job is dropped by readers.
    await this.#connection.text("hset", activeKey, spec.id, this.#clock());
    const outcome = await this.#call("create", spec.id, [
      JSON.stringify(spec),
      JSON.stringify(stage),
      stage.number,
      stage.tasks,
    ]);
    this.#notices.jobChanged(spec.id);
    return outcome as "created" | "exists";
  }

  async read(id: string): Promise<JobState | undefined> {
    const key = jobKey(id);
    const [spec, values] = await Promise.all([
      this.#specs.get(id) ?? this.#readSpec(id),
      this.#connection.text("hmget", key, ...facts) as Promise<(string | null)[]>,
    ]);
    const [status, stage, done, control, tasksDone, fuel, metrics, error, ...rest] = values;
    const [resultStage, started, ended, recalledTasks, recalledFuel, ...steering] = rest;
    if (!spec || !status) return undefined;
    const current = JSON.parse(stage!) as Stage;
    return {
      spec,
      status: status as JobStatus,
      stage: current,
      done: Number(done),
      ...controlOf(control, current),
      tasksDone: Number(tasksDone),
      fuel: Number(fuel),
      ...(recalledTasks && {
        remembered: { tasks: Number(recalledTasks), fuel: Number(recalledFuel) },
      }),
      ...(metrics && { metrics: JSON.parse(metrics) as Record<string, number | null> }),
      ...(error && { error: JSON.parse(error) as NonNullable<JobState["error"]> }),
      ...(resultStage && { resultStage: Number(resultStage) }),
      ...(started && { startedAtMs: Number(started) }),
      ...(ended && { endedAtMs: Number(ended) }),
      ...readSteering(steering),
    };
  }

  async #readSpec(id: string): Promise<JobSpec | undefined> {
    const text = (await this.#connection.text("hget", jobKey(id), "spec")) as string | null;
    if (text === null) return undefined;
    const spec = JSON.parse(text) as JobSpec;
    this.#specs.set(id, spec, { size: text.length });
    return spec;
  }

  async active(): Promise<string[]> {
    const pairs = (await this.#connection.text("hgetall", activeKey)) as Record<string, string>;
    const entries = Object.entries(pairs);
    const statuses = (await Promise.all(
      entries.map(([id]) => this.#connection.text("hget", jobKey(id), "status")),
    )) as (JobStatus | null)[];
    const ids: string[] = [];
    const leftovers: string[] = [];
    entries.forEach(([id, madeAtMs], i) => {
      const status = statuses[i]!;
      if (status === null) {
        if (this.#clock() - Number(madeAtMs) > orphanAfterMs) leftovers.push(id);
      } else if (endedStatuses.has(status)) leftovers.push(id);
      else ids.push(id);
    });
    if (leftovers.length > 0) await this.#connection.text("hdel", activeKey, ...leftovers);
    return ids;
  }

  async *list(): AsyncGenerator<string[]> {
    for await (const keys of scanKeys(this.#connection, jobKeys)) yield keys.map(jobOfKey);
  }

  async lease(id: string, request: LeaseRequest): Promise<Lease[]> {
    const { holder, leases, tasksMax, prefer = [], preferOnly, leaseMs, nowMs } = request;
    if (leases < 1 || tasksMax < 1) return [];
    const deadlineMs = nowMs + leaseMs;
    const copyBefore = request.backupAfterMs === undefined ? "" : nowMs - request.backupAfterMs;
    const reply = await this.#call("lease", id, [
      holder,
      leases,
      tasksMax,
      nowMs,
      deadlineMs,
      copyBefore,
      preferOnly ? "1" : "0",
      ...prefer.flat(),
    ]);
    if (reply === "") return [];
    const [head, ...lines] = reply.split("\n");
    const [stage, changes, changed, stepUntil] = head!.split(" ");
    const shared = {
      ...(changes !== "0" && { changes: Number(changes) }),
      ...(changed !== "0" && { changed: Number(changed) }),
      ...(stepUntil && { stepUntil: Number(stepUntil) }),
    };
    return lines.map((line) => {
      const [token, lo, hi, attempt, backup] = line.split(" ") as [
        string,
        string,
        string,
        string,
        string,
      ];
      return {
        job: id,
        stage: Number(stage),
        lo: Number(lo),
        hi: Number(hi),
        token,
        attempt: Number(attempt),
        deadlineMs,
        backup: backup === "1",
        ...shared,
      };
    });
  }

  async complete(id: string, completions: readonly Completion[]): Promise<CompleteOutcome> {
    const args: Argument[] = [completions.length];
    for (const completion of completions) pushCompletion(args, completion);
    const reply = await this.#call("complete", id, args);
    return readOutcome(reply);
  }

  async recall(
    id: string,
    stage: number,
    tasks: readonly RecalledTask[],
  ): Promise<CompleteOutcome> {
    const args: Argument[] = [stage, tasks.length];
    for (const { task, outputs, control } of tasks) {
      args.push(task, ...totalsOf(outputs, `task ${task}`), controlJson(control), outputs.length);
      for (const output of outputs) args.push(...outputArgs(output));
    }
    return readOutcome(await this.#call("recall", id, args));
  }

  async earned(id: string): Promise<Earning[]> {
    const counts = (await this.#connection.text("hgetall", earnedKey(id))) as Record<
      string,
      string
    >;
    return Object.keys(counts).flatMap((field) => {
      if (!field.startsWith("f")) return [];
      const earner = field.slice(1);
      return [{ earner, fuel: Number(counts[field]), tasks: Number(counts[`t${earner}`]) }];
    });
  }

  async release(
    id: string,
    tokens: readonly string[],
    { penalty, attemptsMax }: { penalty: boolean; attemptsMax: number },
  ): Promise<"released" | "exhausted"> {
    const args = [penalty ? "1" : "0", attemptsMax, ...tokens];
    const outcome = await this.#call("release", id, args);
    this.#notices.jobChanged(id);
    return outcome as "released" | "exhausted";
  }

  async renew(id: string, tokens: readonly string[], deadlineMs: number): Promise<string[]> {
    const gone = await this.#call("renew", id, [deadlineMs, ...tokens]);
    return gone === "" ? [] : gone.split(" ");
  }

  async expire(
    id: string,
    nowMs: number,
    attemptsMax: number,
  ): Promise<{ requeued: number; exhausted: boolean }> {
    const reply = await this.#call("expire", id, [nowMs, attemptsMax]);
    const [requeued, exhausted] = reply.split(" ");
    if (requeued !== "0") this.#notices.jobChanged(id);
    return { requeued: Number(requeued), exhausted: exhausted === "1" };
  }

  async advance(
    id: string,
    from: number,
    next: Stage,
    { drop, metrics, told }: AdvanceOptions,
  ): Promise<"advanced" | "stepped" | "lost"> {
    const outcome = await this.#call("advance", id, [
      from,
      JSON.stringify(next),
      next.number,
      next.tasks,
      metrics ? JSON.stringify(metrics) : "",
      next.entry === "map" ? next.round : "",
      told?.nowMs ?? 0,
      ...eventArgs(told?.events),
      ...drop,
    ]);
    if (outcome === "lost") return "lost";
    if (told) this.#notices.eventsAppended(id);
    this.#notices.jobChanged(id);
    const [advanced, garbage] = outcome.split(" ");
    // What is left when this process dies goes with the job.
    if (garbage) this.#collect(id).catch(() => {});
    return advanced as "advanced" | "stepped";
  }

  async follow(
    id: string,
    token: string,
    from: number,
    next: Stage,
    { state, tasksDone, fuel, earner, drop, changedAt = [], metrics, events, nowMs }: RoundAnswer,
  ): Promise<"followed" | "changed" | "paused" | "stepped" | "lost"> {
    const keeps = next.entry === "map";
    requireNumbers(tasksDone, fuel, `round ${next.round}`);
    const outcome = await this.#call("follow", id, [
      token,
      from,
      JSON.stringify(next),
      next.number,
      next.tasks,
      keeps ? "1" : "0",
      nowMs,
      tasksDone,
      fuel,
      earner,
      metrics ? JSON.stringify(metrics) : "",
      keeps ? next.round - 1 : next.round,
      keeps ? next.round : "",
      changedAt.join(" "),
      ...eventArgs(events),
      next.state!,
      ...outputArgs(state),
      ...drop,
    ]);
    if (outcome === "lost") return "lost";
    const [followed, garbage] = outcome.split(" ");
    if (events) this.#notices.eventsAppended(id);
    if (!keeps || followed === "stepped") this.#notices.jobChanged(id);
    if (garbage) this.#collect(id).catch(() => {});
    return followed as "followed" | "changed" | "paused" | "stepped";
  }

  async setStatus(
    id: string,
    status: Exclude<JobStatus, "queued" | "paused">,
    { nowMs, error, resultStage, drop = [] }: StatusChange,
  ): Promise<"changed" | "already"> {
    const outcome = await this.#call("set_status", id, [
      status,
      nowMs,
      error ? JSON.stringify(error) : "",
      resultStage ?? "",
      ...drop,
    ]);
    if (outcome === "already") return "already";
    if (outcome === "garbage") this.#collect(id).catch(() => {});
    if (endedStatuses.has(status)) await this.#connection.text("hdel", activeKey, id);
    this.#notices.jobChanged(id);
    return "changed";
  }

  partition(id: string): Promise<Partition | undefined> {
    return readPartition(this.#connection, id);
  }

  outputs(id: string, stage: number, select: OutputSelection = {}): Promise<Output[]> {
    return readOutputs(this.#connection, id, stage, select);
  }

  async remove(id: string): Promise<void> {
    // Noted first, so that whoever opens the store next finishes what this process may not.
    await this.#connection.text("sadd", garbageKey, id);
    const outcome = await this.#call("remove", id, []);
    if (outcome === "removed") await this.#collect(id);
    await this.#connection.text("srem", garbageKey, id);
  }

  async *largeOutputs(): AsyncGenerator<Digest[]> {
    for await (const keys of scanKeys(this.#connection, largeKeys))
      for (const key of keys) yield* scanSet(this.#connection, key);
  }

  /** Finishes removals that another process began. */
  async collectGarbage(): Promise<void> {
    for (const id of (await this.#connection.text("smembers", garbageKey)) as string[])
      await this.remove(id);
  }

  watch(listener: (id: string) => void): () => void {
    return this.#notices.watchJobs(listener);
  }

  async #collect(id: string): Promise<void> {
    while ((await this.#call("collect", id, [])) === "more");
  }

  #call(
    name: Parameters<Connection["call"]>[0],
    id: string,
    args: readonly Argument[],
  ): Promise<string> {
    return this.#connection.call(name, jobKey(id), [this.#newRequest(), ...args]);
  }
}

/** One that an earlier stage left behind is none. */
function controlOf(kept: string | null | undefined, { number }: Stage): { control?: Control } {
  if (!kept?.startsWith(`${number} `)) return {};
  return { control: JSON.parse(kept.slice(kept.indexOf(" "))) as Control };
}
