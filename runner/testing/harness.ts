import type { RunnerJob } from "../../protocol/gateway-to-runner.ts";
import type { Kind } from "../../protocol/job.ts";
import type { RunnerToGateway } from "../../protocol/runner-to-gateway.ts";
import { type Runner, type RunnerOptions, startRunner } from "../index.ts";
import type { CallMessage, RunMessage } from "../messages.ts";
import { guestBundle } from "./guest-bundle.ts";
import { linesDataset, runnerJob, type TextDataset } from "./jobs.ts";
import { ScriptedGateway, type ScriptedGatewayOptions } from "./scripted-gateway.ts";

export interface HarnessOptions {
  runner?: Partial<RunnerOptions>;
  gateway?: ScriptedGatewayOptions;
}

export interface JobOptions extends Partial<Omit<RunnerJob, "guest">> {
  shards?: readonly (readonly string[])[];
  params?: Record<string, unknown>;
  reducers?: number;
  salt?: string;
}

/** A real runner with real executors, connected to a gateway that the test drives. */
export class Harness {
  readonly gateway: ScriptedGateway;
  readonly runner: Runner;
  #leases = 0;

  private constructor(gateway: ScriptedGateway, runner: Runner) {
    this.gateway = gateway;
    this.runner = runner;
  }

  static async start({ runner: options, gateway: script }: HarnessOptions = {}): Promise<Harness> {
    const gateway = await ScriptedGateway.start(script);
    const { url } = gateway;
    const runner = await startRunner({ url, token: "token", name: "test", slots: 1, ...options });
    await runner.ready;
    return new Harness(gateway, runner);
  }

  async close(): Promise<void> {
    await this.runner.close({ drainMs: 0 });
    await this.gateway.close();
  }

  /** Tells the runner of a job, with its bundle and dataset as blobs. */
  job(kind: Kind, options: JobOptions = {}): RunnerJob {
    const { shards, params = {}, reducers = 2, salt = "", ...overrides } = options;
    const dataset = shards && this.dataset(shards);
    const id = overrides.id ?? `job_${this.#leases++}`;
    const job = runnerJob(kind, {
      id,
      bundle: this.gateway.blob(guestBundle(kind, salt)),
      guest: { id, seed: 1, params, reducers, shardCount: shards?.length ?? 0 },
      ...(dataset && { manifest: { digest: dataset.digest, format: "lines" } }),
      ...overrides,
    });
    this.gateway.send({ type: "job", job });
    return job;
  }

  dataset(shards: readonly (readonly string[])[]): TextDataset & { digest: string } {
    const dataset = linesDataset(shards);
    for (const shard of dataset.shards) this.gateway.blob(shard);
    return { ...dataset, digest: this.gateway.blob(JSON.stringify(dataset.manifest)) };
  }

  /** Sends a lease and returns its id. */
  lease(job: RunnerJob, run: Partial<RunMessage>, payloads: Uint8Array[] = []): string {
    const lease = `lse_${this.#leases++}`;
    this.gateway.send(
      {
        type: "run",
        lease,
        job: job.id,
        stage: 0,
        round: 0,
        entry: "map",
        lo: 0,
        hi: 1,
        ...run,
      },
      payloads,
    );
    return lease;
  }

  /** Sends a lease that follows its job through rounds, over all `tasks`, one a shard, and returns its id. */
  follow(job: RunnerJob, { tasks, state, roundsMax = 10_000, ...run }: FollowOptions): string {
    const whole = { hi: tasks, leaves: tasks, tasking: { type: "shards" } } as const;
    const follow = { roundsMax };
    return this.lease(job, { stage: 1, round: 1, hasState: true, ...whole, follow, ...run }, [
      state,
    ]);
  }

  call(
    overrides: Partial<CallMessage> & { params?: Record<string, unknown> },
    input: unknown,
    carried: Uint8Array[] = [],
  ): string {
    const { params = {}, ...rest } = overrides;
    const call = `call_${this.#leases++}`;
    this.gateway.send(
      {
        type: "call",
        call,
        owner: "ann",
        bundle: this.gateway.blob(guestBundle("map")),
        guest: { id: call, seed: 1, params, uses: {}, reducers: 1, shardCount: 1 },
        uses: {},
        limits: { fuelPerTask: 1000, memoryMb: 128, timeoutMs: 5_000 },
        roundsMax: 10,
        output: { type: "json", contentType: "application/json" },
        blobToken: "blob-token",
        ...rest,
      },
      [Buffer.from(JSON.stringify(input)), ...carried],
    );
    return call;
  }

  /** Waits until tasks up to `hi` of a lease are answered; gives its outputs with their bytes, in order. */
  async outputs(lease: string, hi: number): Promise<LeaseOutput[]> {
    const { gateway } = this;
    return gateway.until(() => {
      const outputs = this.outputsSoFar(lease);
      const failure = gateway.messages("failed").find((one) => one.lease === lease);
      if (failure) throw new Error(`${lease} failed: ${JSON.stringify(failure.error)}`);
      const last = gateway.messages("result").findLast((one) => one.lease === lease);
      return last?.hi === hi && outputs;
    });
  }

  outputsSoFar(lease: string): LeaseOutput[] {
    const outputs: LeaseOutput[] = [];
    for (const { message, payloads } of this.gateway.all("result")) {
      if (message.lease !== lease) continue;
      let at = 0;
      for (const output of message.outputs) {
        const body = output.inline ? payloads[at++]! : this.gateway.blobs.get(output.hash)!;
        outputs.push({ ...output, body: Buffer.from(body) });
      }
    }
    return outputs;
  }

  /** Rounds that a lease which follows its job has answered, with the states that they gave. */
  rounds(lease: string): FollowedRound[] {
    return this.gateway.all("round").flatMap(({ message, payloads }) => {
      if (message.lease !== lease) return [];
      const { inline, hash } = message.output;
      const state = inline ? payloads[0]! : this.gateway.blobs.get(hash)!;
      return { ...message, state: Buffer.from(state) };
    });
  }

  /** Waits for what ends a lease that follows its job, other than its last round. */
  ended(lease: string) {
    return this.gateway.until(() => this.said(lease).find(({ type }) => type !== "round"));
  }

  /** All that was said of a lease, but that it is still held. */
  said(lease: string): RunnerToGateway[] {
    const about = (message: RunnerToGateway): boolean => {
      if (message.type === "released") return message.leases.includes(lease);
      return "lease" in message && message.lease === lease;
    };
    return this.gateway.heard.map(({ message }) => message).filter(about);
  }

  failure(lease: string) {
    return this.gateway.until(() =>
      this.gateway.messages("failed").find((one) => one.lease === lease),
    );
  }

  async answer(call: string): Promise<unknown> {
    const { payloads } = await this.gateway.until(() =>
      this.gateway.all("called").find(({ message }) => message.call === call),
    );
    return JSON.parse(Buffer.from(payloads[0]!).toString());
  }
}

export interface FollowOptions extends Partial<RunMessage> {
  tasks: number;
  state: Uint8Array;
  roundsMax?: number;
}

export type FollowedRound = Extract<RunnerToGateway, { type: "round" }> & { state: Buffer };

export interface LeaseOutput {
  level: number;
  index: number;
  bytes: number;
  hash: string;
  fuel: number;
  inline: boolean;
  body: Buffer;
}
