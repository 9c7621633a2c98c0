import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { KMeansPartial } from "./kernels.ts";

export interface Problem {
  data: SharedArrayBuffer;
  width: number;
  rows: number;
  /** Clusters for k-means; 0 for logistic regression. */
  k: number;
}

/** Hand-written data-parallel rounds on worker_threads over shared memory, merged and stepped on the main thread. */
export class ComputeThreads {
  readonly #problem: Problem;
  readonly #workers: Worker[];

  constructor(problem: Problem, threads: number) {
    this.#problem = problem;
    const share = Math.ceil(problem.rows / threads);
    this.#workers = Array.from({ length: threads }, (_, i) => {
      const from = i * share;
      const workerData = { ...problem, from, to: Math.min(from + share, problem.rows) };
      return new Worker(new URL("./compute-worker.ts", import.meta.url), { workerData });
    });
  }

  /** Runs rounds; returns each round's time, ms. */
  async rounds(count: number): Promise<number[]> {
    const { width, k } = this.#problem;
    let state =
      k > 0
        ? new Float64Array(new Float64Array(this.#problem.data, 0, k * width))
        : new Float64Array(width - 1);
    const times: number[] = [];
    for (let round = 0; round < count; round++) {
      const start = performance.now();
      const answers = this.#workers.map((worker) => once(worker, "message"));
      for (const worker of this.#workers) worker.postMessage(state);
      const partials = (await Promise.all(answers)).map(([partial]) => partial);
      state = k > 0 ? this.#stepKMeans(state, partials) : this.#stepLogistic(state, partials);
      times.push(performance.now() - start);
    }
    return times;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #stepKMeans(state: Float64Array, partials: KMeansPartial[]): Float64Array<ArrayBuffer> {
    const { width, k } = this.#problem;
    const next = new Float64Array(state);
    for (let c = 0; c < k; c++) {
      let count = 0;
      for (const partial of partials) count += partial.counts[c]!;
      if (count === 0) continue;
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (const partial of partials) sum += partial.sums[c * width + j]!;
        next[c * width + j] = sum / count;
      }
    }
    return next;
  }

  #stepLogistic(state: Float64Array, partials: Float64Array[]): Float64Array<ArrayBuffer> {
    const next = new Float64Array(state);
    for (let j = 0; j < next.length; j++) {
      let sum = 0;
      for (const gradient of partials) sum += gradient[j]!;
      next[j]! -= (0.1 * sum) / this.#problem.rows;
    }
    return next;
  }
}
