import { GridError } from "../protocol/errors.ts";
import type { ChangedParams, GatewayToRunner, RunnerJob } from "../protocol/gateway-to-runner.ts";
import { inlineBytesMax, leaseMs } from "../protocol/limits.ts";
import type { RunnerToGateway } from "../protocol/runner-to-gateway.ts";
import type { ExecutorPool } from "../sandbox/pool.ts";
import { type Activity, Answered, leaseView } from "./activity.ts";
import type { BlobClient } from "./blob-client.ts";
import { CallDesk } from "./call-desk.ts";
import { FollowedJob, followedState } from "./followed-job.ts";
import { withParams } from "./job-context.ts";
import { JobLoader, type LoadedJob } from "./job-loader.ts";
import { LeaseWork } from "./lease-work.ts";
import type { RunnerLog } from "./log.ts";
import type { RunMessage, WelcomeMessage } from "./messages.ts";
import { errorBodyOf } from "./outputs.ts";
import { LeaseReport, type ResultLink } from "./results.ts";
import { Slots } from "./slots.ts";
import { unitsOf } from "./units.ts";
import type { Work } from "./work.ts";

export interface SupervisorOptions {
  pool: ExecutorPool;
  blobs: BlobClient;
  send: (message: RunnerToGateway, payloads?: Uint8Array[]) => void;
  /** The socket is full. */
  congested: () => boolean;
  log: RunnerLog;
  /** Raw shard bytes resident in one executor, as of now. */
  residentBytesMax: () => number;
  /** What share of the time a slot may work, 0 to 1, as of now. */
  share: () => number;
  /** Isolates open in one executor. Default 8. */
  bundlesMax?: number;
}

interface HeldLease {
  id: string;
  job: string;
  run: RunMessage;
  report: LeaseReport;
  work?: LeaseWork | FollowedJob;
  /** Newer parameters, that came before its job was fetched. */
  changed?: ChangedParams;
}

interface KnownJob {
  job: RunnerJob;
  loaded?: LoadedJob;
  /** As it was last asked for with changed parameters. */
  changed?: { changes: number; loaded: LoadedJob };
  loading?: Promise<LoadedJob>;
}

/** Leases a slot may queue: the gateway sends a few a slot, more is a fault and goes back. */
const leasesPerSlotMax = 64;

/**
 * Takes the gateway's messages, places leases and calls on executor slots, and keeps leases alive.
 *
 * A lease: arrived → (its job's manifest and bundle fetched) → queued in a slot → results sent → ended. Whatever
 * happens, exactly one thing ends it: its last result, `failed`, `released`, or the gateway's own cancel or loss.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #loader: JobLoader;
  readonly #slots: Slots;
  readonly #jobs = new Map<string, KnownJob>();
  readonly #leases = new Map<string, HeldLease>();
  readonly #calls: CallDesk;
  readonly #answered = new Answered();
  #inlineBytesMax = inlineBytesMax;
  #renewal: NodeJS.Timeout | undefined;
  /** Nothing is begun; one object for each time, so that an end and a new beginning are told apart. */
  #draining: object | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#loader = new JobLoader(options.blobs);
    this.#slots = new Slots(options.pool, {
      blobs: options.blobs,
      residentBytesMax: options.residentBytesMax,
      share: options.share,
      bundlesMax: options.bundlesMax ?? 8,
      congested: () => this.#draining !== undefined || options.congested(),
      onDown: (works, error) => this.#slotDown(works, error),
    });
    this.#calls = new CallDesk({
      blobs: options.blobs,
      loader: this.#loader,
      send: (message, payloads) => this.#answer(message, payloads),
      place: (work) => this.#slots.place(work),
    });
  }

  get busy(): number {
    return this.#slots.busy;
  }

  get leases(): number {
    return this.#leases.size;
  }

  /** Whether this executor is at something. */
  isBusy(pid: number): boolean {
    return this.#slots.of(pid)?.busy ?? false;
  }

  activity(): Activity {
    return {
      busy: this.busy,
      slots: this.#slots.count,
      leases: [...this.#leases.values()].map(({ run, work }) =>
        leaseView(run, this.#jobs.get(run.job)?.job, work),
      ),
      calls: this.#calls.underWay(),
      ...this.#answered.counts,
    };
  }

  /** A session begins. */
  welcome(welcome: WelcomeMessage): void {
    this.#draining = undefined;
    this.#inlineBytesMax = welcome.inlineBytesMax || inlineBytesMax;
    clearInterval(this.#renewal);
    // From a timer of its own: however long a task computes in its process, this one stays free to renew.
    this.#renewal = setInterval(() => this.#renew(), (welcome.leaseMs || leaseMs) / 3);
  }

  message(message: GatewayToRunner, payloads: Uint8Array[]): void {
    switch (message.type) {
      case "job":
        this.#jobs.set(message.job.id, { job: message.job });
        void this.#load(this.#jobs.get(message.job.id)!).catch(() => {});
        return;
      case "forget":
        this.#forget(message.job);
        return;
      case "run":
        this.#run(message, payloads);
        return;
      case "cancel":
        this.#cancelLeases(message.leases);
        return;
      case "yield":
        for (const lease of message.leases) {
          const held = this.#leases.get(lease);
          if (held?.work instanceof FollowedJob) held.work.stop();
          // Its job is still being fetched: nothing of it has begun.
          else if (held && !held.work) held.report.release();
        }
        return;
      case "params":
        this.#change(message.lease, message.changed);
        return;
      case "call":
        this.#calls.take(message, payloads, this.#refusal());
        return;
      case "cancelCall":
        this.#calls.cancel(message.call);
        this.#slots.drop();
        return;
      default:
      // Others are the session's own, or of a later protocol.
    }
  }

  /** The session ended, and with it everything it asked for. Executors stay, with what they hold. */
  lost(): void {
    clearInterval(this.#renewal);
    this.#cancelLeases([...this.#leases.keys()]);
    this.#calls.cancelAll();
    this.#slots.drop();
    this.#jobs.clear();
  }

  /** The socket has room again. */
  pump(): void {
    this.#slots.pump();
  }

  /** From now on so many slots work. */
  resize(slots: number): void {
    this.#slots.resize(slots);
  }

  /**
   * Hands back what has not begun, waits for what computes, at most `timeoutMs`, and hands back the rest. Until
   * `resume`, or the next session, nothing is begun.
   */
  async drain(timeoutMs: number): Promise<void> {
    const draining = {};
    this.#draining = draining;
    const held = [...this.#leases.values()];
    for (const slot of this.#slots)
      for (const work of slot.takeQueued()) if (work.next === 0) this.#giveBack(work, notNow());
    for (const { report, work } of held) if (!work) report.release();
    const end = performance.now() + timeoutMs;
    const goesOn = () => this.#draining === draining && performance.now() < end;
    while (this.busy > 0 && goesOn()) await pause(5);
    for (const { work } of held) work?.release();
    // What is being stored as blobs may still end in time.
    while (this.#leases.size > 0 && goesOn()) await pause(5);
  }

  /** Ends a drain, or what came after it. */
  resume(): void {
    this.#draining = undefined;
    this.#slots.pump();
  }

  /** Ends an executor, and hands back all that it was to do. Whether it had anything to do. */
  shed(pid: number, reason: GridError): boolean {
    const works = this.#slots.of(pid)?.shed(reason) ?? [];
    for (const work of works) this.#giveBack(work, reason);
    return works.length > 0;
  }

  close(): void {
    clearInterval(this.#renewal);
    for (const { report } of [...this.#leases.values()]) report.cancel();
    this.#slots.close();
  }

  #renew(): void {
    if (this.#leases.size > 0)
      this.#options.send({ type: "renew", leases: [...this.#leases.keys()] });
  }

  async #load(known: KnownJob): Promise<LoadedJob> {
    if (known.loaded) return known.loaded;
    known.loading ??= this.#loader.load(known.job).then(
      (loaded) => {
        known.loaded = loaded;
        return loaded;
      },
      (error: unknown) => {
        delete known.loading;
        throw error;
      },
    );
    return known.loading;
  }

  #run(run: RunMessage, payloads: Uint8Array[]): void {
    const known = this.#jobs.get(run.job);
    const { send } = this.#options;
    if (!known || this.#draining || this.#leases.size >= this.#slots.count * leasesPerSlotMax) {
      send({ type: "released", leases: [run.lease] });
      return;
    }
    const report = new LeaseReport(run.lease, run.hi, this.#linkOf(known.job), () =>
      this.#leases.delete(run.lease),
    );
    const held: HeldLease = { id: run.lease, job: run.job, run, report };
    this.#leases.set(run.lease, held);
    if (known.loaded) {
      this.#admit(held, run, payloads, loadedFor(known, run));
      return;
    }
    this.#load(known).then(
      () => this.#admit(held, run, payloads, loadedFor(known, run)),
      (error: unknown) => report.fail(run.lo, errorBodyOf(error)),
    );
  }

  #admit(held: HeldLease, run: RunMessage, payloads: Uint8Array[], loaded: LoadedJob): void {
    if (this.#leases.get(held.id) !== held) return;
    const { context, source } = loaded;
    try {
      if (run.follow) {
        this.#follow(held, run, loaded, followedState(run, payloads));
        return;
      }
      const units = unitsOf(context, run, payloads);
      held.work = new LeaseWork(run, context, source, units, held.report);
    } catch (error) {
      held.report.fail(run.lo, errorBodyOf(error));
      return;
    }
    this.#slots.place(held.work, `${run.job} ${run.entry} ${run.lo}`);
  }

  #follow(held: HeldLease, run: RunMessage, loaded: LoadedJob, state: Uint8Array): void {
    const followed = new FollowedJob({
      run,
      loaded,
      state,
      slots: this.#slots.count,
      link: this.#linkOf(loaded.context.job),
      place: (work, name) => this.#slots.place(work, name),
      onEnd: () => this.#leases.delete(held.id),
    });
    held.work = followed;
    if (held.changed) followed.change(held.changed);
    followed.start();
  }

  #change(lease: string, changed: ChangedParams): void {
    const held = this.#leases.get(lease);
    if (held?.work instanceof FollowedJob) held.work.change(changed);
    else if (held) held.changed = changed;
  }

  #linkOf(job: RunnerJob): ResultLink {
    return {
      inlineBytesMax: this.#inlineBytesMax,
      send: (message, payloads) => this.#answer(message, payloads),
      put: (digest, bytes) => this.#options.blobs.put(digest, job.blobToken, bytes),
    };
  }

  #answer(message: RunnerToGateway, payloads?: Uint8Array[]): void {
    this.#answered.count(message);
    this.#options.send(message, payloads);
  }

  #cancelLeases(ids: readonly string[]): void {
    for (const id of ids) {
      const held = this.#leases.get(id);
      if (held?.work) held.work.cancel();
      else held?.report.cancel();
    }
    this.#slots.drop();
  }

  #forget(id: string): void {
    const known = this.#jobs.get(id);
    this.#jobs.delete(id);
    this.#cancelLeases(
      [...this.#leases.values()].filter(({ job }) => job === id).map((one) => one.id),
    );
    const context = known?.loaded?.context;
    if (!known || !context) return;
    const shared = [...this.#jobs.values()].some(
      ({ job }) =>
        job.bundle === known.job.bundle && job.manifest?.digest === known.job.manifest?.digest,
    );
    if (shared) return;
    for (const slot of this.#slots) slot.forget(known.job.bundle, context.shards);
  }

  /** Why no call is taken now. */
  #refusal(): GridError | undefined {
    return this.#draining ? notNow() : undefined;
  }

  #slotDown(works: Work[], error: unknown): void {
    this.#options.log.error({ err: error }, "an executor process does not start");
    for (const work of works) this.#giveBack(work, error);
  }

  #giveBack(work: Work, reason: unknown): void {
    if (work instanceof LeaseWork) work.release();
    else work.failed(work.units[0]!, errorBodyOf(reason), 0);
  }
}

/** To be tried elsewhere: nothing is wrong with the work. */
function notNow(): GridError {
  return new GridError("task-lost", "the runner takes no work now");
}

/** A job that was fetched, with the parameters that the run is to use. */
function loadedFor(known: KnownJob, { changed }: RunMessage): LoadedJob {
  const { loaded } = known;
  if (!loaded) throw new Error("a job is fetched before its runs begin");
  if (!changed) return loaded;
  const { changes, params } = changed;
  if (known.changed?.changes !== changes)
    known.changed = { changes, loaded: { ...loaded, context: withParams(loaded.context, params) } };
  return known.changed.loaded;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
