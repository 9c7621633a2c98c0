import type { Digest } from "../../protocol/digest.ts";
import { parseEarner } from "../../protocol/earner.ts";
import type { Output } from "../../protocol/job.ts";
import { rememberedFuelMin } from "../../protocol/limits.ts";
import type { JobView } from "../jobs/job-view.ts";
import type { Completion, Memo, Store } from "../store/port.ts";
import type { Families } from "./families.ts";
import { isRemembered, nameOf } from "./names.ts";

/** Outputs of more bytes are blobs, so that recalling them moves none. */
const inlineBytesMax = 4096;
/** Results that wait to be written: beyond it they are not remembered. */
const waitingBytesMax = 64 * 1024 * 1024;
const waitingMax = 10_000;
const memosPerWrite = 200;
const putsMax = 8;

export interface RememberDeps {
  store: Store;
  families: Families;
  /** The version of V8 whose results are remembered, as runners' host classes begin: "v8-14.6.202.33-". */
  classPrefix: string;
  /** Bytes of one owner. */
  bytesMax: number;
  clock: () => number;
  onError: (error: unknown) => void;
}

interface Waiting {
  view: JobView;
  memo: Memo;
  bytes: number;
}

/** Keeps results of large tasks as they are accepted. Nobody waits for it, and what it cannot keep is forgotten. */
export class Remember {
  readonly #deps: RememberDeps;
  /** Results of probes: they cost little, and are kept once something of their job is. */
  readonly #probes = new WeakMap<JobView, Memo>();
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Results that were added and that were written, since the start. */
  #added = 0;
  #written = 0;
  #isWriting = false;
  #batch: Promise<void> = Promise.resolve();

  constructor(deps: RememberDeps) {
    this.#deps = deps;
  }

  /**
   * An answer for tasks of the view's stage was accepted.
   * @param anyCount those of the tasks that never asked how many shards there are
   */
  accepted(
    view: JobView,
    { lo, hi, outputs, earner }: Pick<Completion, "lo" | "hi" | "outputs" | "earner">,
    anyCount: ReadonlySet<number>,
  ): void {
    if (view.spec.memo === undefined || !isRemembered(view)) return;
    const isProbe = view.stage.entry === "probe";
    const perTask = outputs.length / (hi - lo);
    for (let task = lo; task < hi; task++) {
      const from = (task - lo) * perTask;
      // A task's fuel is that of its first output. A million tiny ones are a million comparisons, and nothing else.
      const first = outputs[from]!;
      if (!isProbe && first.fuel < rememberedFuelMin) continue;
      if (!first.hostClass.startsWith(this.#deps.classPrefix)) continue;
      const memo: Memo = {
        task: nameOf(view, task, anyCount.has(task)),
        by: parseEarner(earner).account,
        outputs: outputs.slice(from, from + perTask).map((output) => ({ ...output, index: 0 })),
      };
      if (isProbe) this.#probes.set(view, memo);
      else this.#add(view, memo);
    }
  }

  /** Something of this job is remembered: so is its probe, without which nothing of it can be used. */
  keepProbe(view: JobView): void {
    const probe = this.#probes.get(view);
    if (!probe) return;
    this.#probes.delete(view);
    this.#push(view, probe);
  }

  /** Resolves when what was added before now is written, or given up. */
  async settled(): Promise<void> {
    const added = this.#added;
    while (this.#written < added) await this.#batch;
  }

  #add(view: JobView, memo: Memo): void {
    this.keepProbe(view);
    this.#push(view, memo);
  }

  #push(view: JobView, memo: Memo): void {
    const bytes = memo.outputs.reduce((sum, { inline }) => sum + (inline?.byteLength ?? 0), 0);
    if (this.#waiting.length >= waitingMax || this.#waitingBytes + bytes > waitingBytesMax) return;
    this.#waiting.push({ view, memo, bytes });
    this.#waitingBytes += bytes;
    this.#added++;
    if (!this.#isWriting) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      this.#batch = this.#writeBatch();
      await this.#batch;
    }
    this.#isWriting = false;
  }

  async #writeBatch(): Promise<void> {
    // The turn of the event loop that brought the first may bring more.
    await new Promise(setImmediate);
    const batch = this.#waiting.splice(0, memosPerWrite);
    try {
      await this.#write(batch);
    } catch (error) {
      this.#deps.onError(error);
    }
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    this.#written += batch.length;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const { store, families, bytesMax, clock } = this.#deps;
    const byJob = Map.groupBy(batch, ({ view }) => view);
    for (const [view, waiting] of byJob) {
      const family = await families.of(view);
      const memos: Memo[] = [];
      for (const { memo } of waiting)
        memos.push({ ...memo, outputs: await this.#withBlobs(memo.outputs) });
      await store.memos.put(view.spec.owner, family, memos, { nowMs: clock(), bytesMax });
    }
  }

  /** Blobs first: what is remembered names none that was not stored. */
  async #withBlobs(outputs: readonly Output[]): Promise<Output[]> {
    const kept: Output[] = [];
    for (let at = 0; at < outputs.length; at += putsMax) {
      const slice = outputs.slice(at, at + putsMax);
      kept.push(...(await Promise.all(slice.map((output) => this.#withBlob(output)))));
    }
    return kept;
  }

  async #withBlob(output: Output): Promise<Output> {
    const { inline, ...rest } = output;
    if (!inline || inline.byteLength <= inlineBytesMax) return output;
    await this.#deps.store.blobs.put(output.hash as Digest, inline);
    return rest;
  }
}
