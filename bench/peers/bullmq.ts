import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Queue, QueueEvents } from "bullmq";

const queueName = "bench";

/** BullMQ as its documentation has it: a queue, worker processes, results by QueueEvents. */
export class BullPeer {
  readonly #queue: Queue;
  readonly #events: QueueEvents;
  readonly #workers: ChildProcess[];
  readonly #waiting = new Map<string, (value: unknown) => void>();

  static async start(redis: { path: string }, processes: number): Promise<BullPeer> {
    const workers = Array.from({ length: processes }, () =>
      fork(new URL("./bullmq-worker.ts", import.meta.url), [JSON.stringify(redis)]),
    );
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const peer = new BullPeer(redis, workers);
    await peer.#events.waitUntilReady();
    return peer;
  }

  private constructor(redis: { path: string }, workers: ChildProcess[]) {
    this.#queue = new Queue(queueName, {
      connection: redis,
      defaultJobOptions: { removeOnComplete: true },
    });
    this.#events = new QueueEvents(queueName, { connection: redis });
    this.#workers = workers;
    this.#events.on("completed", ({ jobId, returnvalue }) => {
      this.#waiting.get(jobId)?.(returnvalue);
      this.#waiting.delete(jobId);
    });
  }

  /** Adds jobs in bulk and resolves with all their results. */
  async runAll(count: number): Promise<unknown[]> {
    const ids = Array.from({ length: count }, () => `b${crypto.randomUUID()}`);
    const results = ids.map((id) => new Promise((resolve) => this.#waiting.set(id, resolve)));
    const chunk = 1000;
    for (let at = 0; at < count; at += chunk) {
      await this.#queue.addBulk(
        ids
          .slice(at, at + chunk)
          .map((jobId, i) => ({ name: "t", data: { value: at + i }, opts: { jobId } })),
      );
    }
    return Promise.all(results);
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) worker.kill();
    await this.#events.close();
    await this.#queue.close();
  }
}
