import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";

/** The floor: a bare Redis list, one message a task, blocking pops, no leases, no retries, no sandbox. */
export class RedisListPeer {
  readonly #redis: Redis;
  readonly #popper: Redis;
  readonly #workers: ChildProcess[];

  static async start(redis: { path: string }, processes: number): Promise<RedisListPeer> {
    const workers = Array.from({ length: processes }, () =>
      fork(new URL("./redis-list-worker.ts", import.meta.url), [JSON.stringify(redis)]),
    );
    await Promise.all(workers.map((worker) => once(worker, "message")));
    return new RedisListPeer(new Redis(redis), new Redis(redis), workers);
  }

  private constructor(redis: Redis, popper: Redis, workers: ChildProcess[]) {
    this.#redis = redis;
    this.#popper = popper;
    this.#workers = workers;
  }

  async round(tasks: number): Promise<number> {
    await this.#redis.rpush("bench:in", ...Array.from({ length: tasks }, (_, i) => String(i)));
    let sum = 0;
    for (let i = 0; i < tasks; i++) sum += Number((await this.#popper.blpop("bench:out", 5))?.[1]);
    return sum;
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) worker.kill();
    this.#redis.disconnect();
    this.#popper.disconnect();
  }
}
