import type { JobView, JobViews } from "../jobs/job-view.ts";
import type { Progress } from "../jobs/progress.ts";
import type { Memory } from "../memo/index.ts";
import type { Recall } from "../memo/recall.ts";

export interface RecallGateDeps {
  views: JobViews;
  /** Absent where nothing is remembered. */
  recall?: StageRecall | undefined;
  /** The job's remembered results are taken: what is left of its stage may be handed out. */
  onReady: (job: string) => void;
  /** The gate is to be passed again. */
  wake: (job: string) => void;
  onError: (error: unknown) => void;
}

export interface StageRecall extends Pick<Recall, "isDue"> {
  /** Takes what is remembered of the view's stage. */
  recall(view: JobView): Promise<void>;
}

/** What is remembered of a stage, taken by those who move jobs along. */
export function stageRecallOf({ recall, remember }: Memory, progress: Progress): StageRecall {
  return {
    isDue: (view) => recall.isDue(view),
    recall: (view) =>
      recall.recall(view, (tasks) => {
        remember.keepProbe(view);
        return progress.recalled(view, tasks);
      }),
  };
}

/** Where jobs pass that may have work: of a stage with remembered results, these are taken first. */
export class RecallGate {
  readonly #deps: RecallGateDeps;
  readonly #woken = new Set<string>();
  readonly #recalling = new Set<string>();

  constructor(deps: RecallGateDeps) {
    this.#deps = deps;
  }

  add(job: string): void {
    this.#woken.add(job);
  }

  forget(job: string): void {
    this.#woken.delete(job);
  }

  get isEmpty(): boolean {
    return this.#woken.size === 0;
  }

  isDue(view: JobView): boolean {
    return this.#deps.recall?.isDue(view) === true;
  }

  async pass(): Promise<void> {
    const { recall, views, onReady } = this.#deps;
    for (const job of this.#woken) {
      this.#woken.delete(job);
      // The end of its recall wakes it again.
      if (this.#recalling.has(job)) continue;
      const view = recall && (views.peek(job) ?? (await views.get(job)));
      if (recall && view && recall.isDue(view)) void this.#recall(recall, view);
      else onReady(job);
    }
  }

  async #recall(recall: StageRecall, view: JobView): Promise<void> {
    const { wake, onError } = this.#deps;
    const { id } = view.spec;
    this.#recalling.add(id);
    try {
      await recall.recall(view);
    } catch (error) {
      onError(error);
    } finally {
      this.#recalling.delete(id);
      wake(id);
    }
  }
}
