import { createServer, type Server } from "node:net";
import { createCompiler } from "../../api/functions/index.ts";
import type { CompiledVersion, Compiler } from "../../api/ports.ts";
import { GridError } from "../../protocol/errors.ts";
import type { GuestError } from "../../protocol/guest.ts";
import {
  createExecutorPool,
  type Executor,
  type ExecutorPool,
  type ExecutorReply,
} from "../../sandbox/index.ts";
import { type HostileCase, sourceOf } from "./case.ts";

/** What became of an attack; the counterpart of Outcome. */
export type Result =
  | { refused: string; message: string }
  | { fails: string; message: string; hint?: string | undefined; logs?: string[] | undefined }
  | { gives: unknown; logs?: string[] | undefined };

export interface CallOptions {
  input: unknown;
  owner: string;
  fuelMax?: number | undefined;
  memoryMb?: number | undefined;
  timeoutMs?: number | undefined;
}

/** A compiler and a pool of executors as the platform has them, and a server that nobody must reach. */
export class Harness {
  readonly pool: ExecutorPool = createExecutorPool({ slots: 1, graceMs: 500, watchMs: 50 });
  readonly compiler: Compiler = createCompiler({ executors: this.pool });
  /** Connections that came to the canary. */
  connections = 0;
  canaryPort = 0;
  readonly #canary: Server = createServer((socket) => {
    this.connections += 1;
    socket.destroy();
  });
  #normal: CompiledVersion | undefined;

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#canary.listen(0, "127.0.0.1", resolve));
    this.canaryPort = (this.#canary.address() as { port: number }).port;
    this.#normal = await this.compiler.compile({ name: "normal", source: normalSource });
  }

  async close(): Promise<void> {
    await this.compiler.close();
    await this.pool.close();
    await new Promise((resolve) => this.#canary.close(resolve));
  }

  /** Publishes the program as its author would, and has it run by an executor. */
  async attack(attack: HostileCase): Promise<Result> {
    const source = sourceOf(attack).replaceAll("CANARY_PORT", String(this.canaryPort));
    let version: CompiledVersion;
    try {
      version = await this.compiler.compile({ name: "hostile", source });
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      return { refused: error.code, message: error.message };
    }
    return await this.call(version, {
      ...attack,
      owner: "attacker",
      input: attack.input ?? ["attack"],
    });
  }

  /** One whole function on an inline input, in an executor of its owner. */
  async call(version: CompiledVersion, options: CallOptions): Promise<Result> {
    const loan = await this.pool.acquire(options.owner);
    try {
      const { executor } = loan;
      executor.open(version.digest, version.bundle, { memoryMb: options.memoryMb ?? 128 });
      return await invoke(executor, version.digest, options);
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      return { fails: error.code, message: error.message };
    } finally {
      loan.release();
    }
  }

  /** A function of somebody else's, whose result is known: [sum, words, whether the globals are untouched]. */
  async normalJob(owner = "neighbour"): Promise<Result> {
    return await this.call(this.#normal!, { owner, input: [1, 2, 3] });
  }
}

const normalSource = `import { items, map } from "sparegrid";
export default map({
  title: "Normal",
  input: items<number>(),
  map: (n) => ({
    square: n * n,
    list: [n, n].map((each) => each + 1).join(),
    json: JSON.stringify({ n }),
    found: Object.keys(globalThis).length,
  }),
});`;
export const normalResult = (found: number): Result => ({
  gives: [1, 2, 3].map((n) => ({
    square: n * n,
    list: `${n + 1},${n + 1}`,
    json: `{"n":${n}}`,
    found,
  })),
});

export async function invoke(
  executor: Executor,
  bundle: string,
  options: Omit<CallOptions, "owner" | "memoryMb"> & { jobId?: string },
): Promise<Result> {
  let reply: ExecutorReply | undefined;
  const job = {
    id: options.jobId ?? "job",
    seed: 1,
    params: {},
    uses: {},
    reducers: 1,
    shardCount: 1,
  };
  await executor.run(
    bundle,
    [
      {
        request: { job, fuelMax: options.fuelMax ?? 1e9, entry: "invoke", roundsMax: 10 },
        data: Buffer.from(JSON.stringify(options.input)),
      },
    ],
    {
      timeoutMs: options.timeoutMs ?? 10_000,
      onReply: (_index, answer) => {
        reply = answer;
      },
    },
  );
  if (!reply) throw new Error("a run ended without a reply");
  const { error, logs } = reply.header;
  if (error) return failure(error, logs);
  return { gives: JSON.parse(Buffer.from(reply.body).toString("utf8")), logs };
}

function failure({ code, message, hint }: GuestError, logs: string[] | undefined): Result {
  return { fails: code, message, hint, logs };
}
