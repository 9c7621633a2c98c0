import type { Shard } from "./manifest.ts";

/**
 * How a stage's input is cut into tasks. A task is the unit of determinism: its output depends on its slice of the
 * input alone, never on which tasks a lease carried together, so that results do not depend on timing.
 *
 * - shards: one task a shard
 * - records: at most `perTask` records of one shard
 * - range: `perTask` consecutive integers of [0, count)
 */
export type Tasking =
  | { type: "shards" }
  | { type: "records"; perTask: number }
  | { type: "range"; count: number; perTask: number };

/** A task's slice: records [from, to) of shard `shard`, counted within the shard; for a range, the integers. */
export interface TaskSlice {
  shard: number;
  from: number;
  to: number;
  /** Index of record `from` in the whole dataset. */
  record: number;
}

/** Finds any task's slice in O(log shards) from a prefix sum made once; 1,000,000 tasks need no list of tasks. */
export class TaskTable {
  readonly tasks: number;
  readonly #tasking: Tasking;
  readonly #firstTask: Float64Array;
  readonly #firstRecord: Float64Array;
  readonly #records: Float64Array;

  constructor(tasking: Tasking, shards: readonly Pick<Shard, "records">[]) {
    this.#tasking = tasking;
    const count = shards.length;
    this.#firstTask = new Float64Array(count + 1);
    this.#firstRecord = new Float64Array(count + 1);
    this.#records = new Float64Array(count);
    shards.forEach((shard, i) => {
      const tasks = tasking.type === "records" ? Math.ceil(shard.records / tasking.perTask) : 1;
      this.#records[i] = shard.records;
      this.#firstTask[i + 1] = this.#firstTask[i]! + tasks;
      this.#firstRecord[i + 1] = this.#firstRecord[i]! + shard.records;
    });
    this.tasks =
      tasking.type === "range"
        ? Math.ceil(tasking.count / tasking.perTask)
        : this.#firstTask[count]!;
  }

  /** @throws RangeError when there is no such task */
  slice(task: number): TaskSlice {
    if (!(task >= 0 && task < this.tasks)) throw new RangeError(`task ${task} of ${this.tasks}`);
    if (this.#tasking.type === "range") {
      const from = task * this.#tasking.perTask;
      return {
        shard: task,
        from,
        to: Math.min(from + this.#tasking.perTask, this.#tasking.count),
        record: from,
      };
    }
    const shard = this.#shardOf(task);
    if (this.#tasking.type === "shards") {
      return { shard, from: 0, to: this.#records[shard]!, record: this.#firstRecord[shard]! };
    }
    const from = (task - this.#firstTask[shard]!) * this.#tasking.perTask;
    const to = Math.min(from + this.#tasking.perTask, this.#records[shard]!);
    return { shard, from, to, record: this.#firstRecord[shard]! + from };
  }

  #shardOf(task: number): number {
    let low = 0;
    let high = this.#firstTask.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#firstTask[middle]! <= task) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
