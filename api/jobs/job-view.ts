import { LRUCache } from "lru-cache";
import type { Digest } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import {
  endedStatuses,
  type JobSpec,
  type JobState,
  type ParamChange,
  type Stage,
} from "../../protocol/job.ts";
import { type Manifest, manifestSchema } from "../../protocol/manifest.ts";
import { TaskTable } from "../../protocol/tasking.ts";
import type { Store } from "../store/port.ts";

/** A running job as this process last saw it. The store is the truth; a lease of another stage says it is stale. */
export interface JobView {
  spec: JobSpec;
  /** Empty for a range. */
  shards: Manifest["shards"];
  stage: Stage;
  /** The map stage's cut of the input and what it was made from; kept over rounds, since it does not change. */
  table: TaskTable | undefined;
  tableKey: string;
  done: number;
  tasksDone: number;
  recordsDone: number;
  /** Of what was computed. */
  fuel: number;
  /** Tasks whose results were remembered, and the fuel that those of the present stage once took. */
  remembered: number;
  stageRecalledFuel: number;
  /** It had ended when it was looked at last. */
  ended: boolean;
  startedAtMs: number | undefined;
  roundStartedAtMs: number;
  /** Changes of parameters, all or the first of them: what they say never changes, only from which round they do. */
  changes: readonly ParamChange[];
  /** iterate: what the last round's map left to be merged, once known; infinite when that took tasks of its own. */
  partialBytes: number | undefined;
}

/** Views of active jobs and parsed manifests, bounded. */
export class JobViews {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #views = new LRUCache<string, JobView>({ max: 10_000 });
  readonly #manifests = new LRUCache<Digest, Manifest>({
    maxSize: 1_000_000,
    sizeCalculation: (manifest) => manifest.shards.length + 1,
  });

  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  peek(id: string): JobView | undefined {
    return this.#views.get(id);
  }

  /** The view at stage `stageNumber` or later; reads the store when what is cached is older. */
  async get(id: string, stageNumber = 0): Promise<JobView | undefined> {
    const cached = this.#views.get(id);
    if (cached && cached.stage.number >= stageNumber) return cached;
    return this.refresh(id);
  }

  async refresh(id: string): Promise<JobView | undefined> {
    const state = await this.#store.jobs.read(id);
    if (!state) {
      this.#views.delete(id);
      return undefined;
    }
    const cached = this.#views.get(id);
    if (cached) learnChanges(cached, state);
    if (cached && cached.stage.number > state.stage.number) return cached;
    const view = cached ?? (await this.#open(state));
    if (cached) setStage(cached, state.stage);
    Object.assign(view, { done: state.done, tasksDone: state.tasksDone, fuel: state.fuel });
    view.remembered = state.remembered?.tasks ?? 0;
    view.ended = endedStatuses.has(state.status);
    view.startedAtMs = state.startedAtMs;
    this.#views.set(id, view);
    return view;
  }

  forget(id: string): void {
    this.#views.delete(id);
  }

  /** @throws GridError blob-missing when the store has lost it */
  async manifest(digest: Digest): Promise<Manifest> {
    const cached = this.#manifests.get(digest);
    if (cached) return cached;
    const bytes = await this.#store.blobs.get(digest);
    if (!bytes) throw new GridError("blob-missing", `The manifest ${digest} is not in the store.`);
    const manifest = manifestSchema.parse(JSON.parse(bytes.toString("utf8")));
    this.#manifests.set(digest, manifest);
    return manifest;
  }

  async #open(state: JobState): Promise<JobView> {
    const { input } = state.spec;
    const shards = input.type === "dataset" ? (await this.manifest(input.manifest)).shards : [];
    const view: JobView = {
      spec: state.spec,
      shards,
      stage: state.stage,
      table: undefined,
      tableKey: "",
      done: 0,
      tasksDone: 0,
      recordsDone: 0,
      fuel: 0,
      remembered: 0,
      stageRecalledFuel: 0,
      ended: false,
      startedAtMs: undefined,
      roundStartedAtMs: this.#clock(),
      changes: state.paramChanges ?? [],
      partialBytes: undefined,
    };
    setStage(view, state.stage);
    return view;
  }
}

/** Two answers of the store may come in any order. */
function learnChanges(view: JobView, { paramChanges = [] }: JobState): void {
  if (paramChanges.length > view.changes.length) view.changes = paramChanges;
}

/** A job's parameters once so many changes of them are in force. */
export function paramsAfter(
  { params }: JobSpec,
  changes: readonly ParamChange[],
  count: number,
): JobSpec["params"] {
  if (count === 0) return params;
  return Object.assign({}, params, ...changes.slice(0, count).map((change) => change.params));
}

/** Moves a view to another stage of its job. */
export function setStage(view: JobView, stage: Stage): void {
  view.stage = stage;
  view.done = 0;
  view.stageRecalledFuel = 0;
  if (!stage.tasking) return;
  const key = JSON.stringify(stage.tasking);
  if (view.table && view.tableKey === key) return;
  view.table = new TaskTable(stage.tasking, view.shards);
  view.tableKey = key;
}

/** Records that tasks [lo, hi) of the current map stage read. */
export function recordsOf(view: JobView, lo: number, hi: number): number {
  if (view.stage.entry !== "map" || !view.table || hi <= lo) return 0;
  const last = view.table.slice(hi - 1);
  return last.record + (last.to - last.from) - view.table.slice(lo).record;
}
