import type { Digest } from "../../protocol/digest.ts";
import type { JobView } from "../jobs/job-view.ts";
import type { MayServe } from "../ports.ts";
import type { Memo, RecalledTask, Store } from "../store/port.ts";
import type { Families } from "./families.ts";
import { isRemembered, type Place, recordsIn, taskOf } from "./names.ts";

/** Tasks that are taken as done in one step: some 10 ms of the store. */
const tasksPerStep = 64;

export interface RecallDeps {
  store: Store;
  families: Families;
  /** Whose results a job may take: those of machines that may work for it now. */
  mayServe: MayServe;
  /** Says that a blob is about to be needed. */
  use: (digest: Digest) => void;
  /** Resolves when what was to be remembered before now is. */
  settled: () => Promise<void>;
  clock: () => number;
}

/**
 * Finds remembered results for the tasks of a stage, before any of them is leased. It looks through what there is of the
 * job's family, never for each task: a job whose tasks are not remembered costs one look-up, however many they are.
 */
export class Recall {
  readonly #deps: RecallDeps;
  /** The last stage of each job that was looked at. */
  readonly #looked = new WeakMap<JobView, number>();

  constructor(deps: RecallDeps) {
    this.#deps = deps;
  }

  /** Whether the stage may have remembered results that nobody has looked for. Asked whenever there may be work. */
  isDue(view: JobView): boolean {
    if (view.spec.memo !== "use" || view.ended || !isRemembered(view)) return false;
    return this.#looked.get(view) !== view.stage.number;
  }

  /**
   * Hands on what is remembered of the view's stage, bit by bit. From now on it is not due.
   * @param take takes tasks as done; false when the stage needs no more
   */
  async recall(view: JobView, take: (tasks: RecalledTask[]) => Promise<boolean>): Promise<void> {
    const { store, families, settled, clock } = this.#deps;
    this.#looked.set(view, view.stage.number);
    const { owner } = view.spec;
    await settled();
    const family = await families.of(view);
    for await (const memos of store.memos.read(owner, family)) {
      for (let at = 0; at < memos.length; at += tasksPerStep) {
        const found = await this.#usable(view, memos.slice(at, at + tasksPerStep));
        if (found.length === 0) continue;
        await store.memos.used(
          owner,
          family,
          found.map(({ name }) => name),
          clock(),
        );
        if (!(await take(found.map(({ recalled }) => recalled)))) return;
      }
    }
  }

  /** What a stage could take now, by task. Takes nothing. */
  async look(place: Place): Promise<Map<number, RecalledTask>> {
    const { store, families, settled } = this.#deps;
    await settled();
    const found = new Map<number, RecalledTask>();
    for await (const memos of store.memos.read(place.spec.owner, await families.of(place)))
      for (const { recalled } of await this.#usable(place, memos))
        found.set(recalled.task, recalled);
    return found;
  }

  async #usable(view: Place, memos: readonly Memo[]): Promise<Found[]> {
    const { spec } = view;
    const found = memos.flatMap((memo): Found[] => {
      if (!this.#deps.mayServe(spec, memo.by)) return [];
      const task = taskOf(view, memo.task);
      if (task === undefined) return [];
      const outputs = memo.outputs.map((output) => ({ ...output, index: task }));
      const control = view.stage.entry === "probe" && { records: recordsIn(view, task) };
      return [{ name: memo.task, recalled: { task, outputs, ...(control && { control }) } }];
    });
    const whole = await Promise.all(found.map(({ recalled }) => this.#isWhole(recalled)));
    return found.filter((_, i) => whole[i]);
  }

  /** Whether the blobs are there; from here on the sweep of blobs leaves them. */
  async #isWhole({ outputs }: RecalledTask): Promise<boolean> {
    const { store, use } = this.#deps;
    const large = outputs.filter(({ inline }) => !inline);
    for (const { hash } of large) use(hash);
    const there = await Promise.all(large.map(({ hash }) => store.blobs.has(hash)));
    return there.every(Boolean);
  }
}

interface Found {
  name: string;
  recalled: RecalledTask;
}
