import { GridError } from "../../protocol/errors.ts";
import type { JobSpec } from "../../protocol/job.ts";
import type { JobViews } from "../jobs/job-view.ts";
import type { StoreLog } from "../store/log.ts";
import type { Store } from "../store/port.ts";
import { Families } from "./families.ts";
import { type Foreseen, foresee } from "./foresee.ts";
import { Recall, type RecallDeps } from "./recall.ts";
import { Remember } from "./remember.ts";

export interface MemoryOptions extends Pick<RecallDeps, "mayServe" | "use"> {
  store: Store;
  views: JobViews;
  /** Bytes of one owner, and of all. */
  bytesPerOwnerMax: number;
  bytesMax: number;
  /** What was not used for so long is forgotten. */
  keptMs: number;
  clock: () => number;
  log: Pick<StoreLog, "warn">;
}

/** Results of tasks that are remembered beyond their job, so that nobody pays for the same work twice. */
export interface Memory {
  recall: Recall;
  remember: Remember;
  /** What of a job's map is remembered. @throws GridError blob-missing */
  foresee(spec: JobSpec): Promise<Foreseen>;
  /** Forgets what is old, or too much. */
  trim(): Promise<number>;
}

/** As runners write their host class: the versions of Node's own patches are no part of it. */
const v8 = process.versions.v8.replace(/-node.*/, "");

export function createMemory(options: MemoryOptions): Memory {
  const { store, views, bytesPerOwnerMax, bytesMax, keptMs, clock, log } = options;
  const families = new Families(views, v8);
  const remember = new Remember({
    store,
    families,
    classPrefix: `v8-${v8}-`,
    bytesMax: bytesPerOwnerMax,
    clock,
    onError: (error) => {
      const reason = error instanceof GridError ? error.message : String(error);
      log.warn({ reason }, "results were not remembered");
    },
  });
  const { mayServe, use } = options;
  const settled = () => remember.settled();
  const recall = new Recall({ store, families, mayServe, use, settled, clock });
  return {
    recall,
    remember,
    async foresee(spec) {
      const { input } = spec;
      const shards = input.type === "dataset" ? (await views.manifest(input.manifest)).shards : [];
      return foresee(recall, spec, shards);
    },
    trim: () => store.memos.trim({ usedSinceMs: clock() - keptMs, bytesMax }),
  };
}
