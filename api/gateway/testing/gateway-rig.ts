import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import type { JobEvent } from "../../../protocol/events.ts";
import type { JobSpec, JobState } from "../../../protocol/job.ts";
import { JobViews } from "../../jobs/job-view.ts";
import { plan } from "../../jobs/plan.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/port.ts";
import { jobSpecOf } from "../../testing/job-spec.ts";
import { type GatewayDeps, RunnerGateway } from "../gateway.ts";
import { ScriptedRunner, type ScriptedRunnerOptions } from "./scripted-runner.ts";

/** A gateway on a real store with real sockets, and runners at their other ends that the test drives. */
export class GatewayRig {
  readonly store: Store;
  readonly views: JobViews;
  readonly gateway: RunnerGateway;
  /** What the gateway logged as a warning. */
  readonly warnings: string[];
  readonly #server: WebSocketServer;
  readonly #dataDir: string;
  #runners: ScriptedRunner[] = [];
  #jobs = 0;

  /**
   * @param between what the gateway has instead of the store itself, to make it fail
   * @param hooks what else the gateway is given
   */
  static async start(
    between = (store: Store): Store => store,
    hooks: Partial<GatewayDeps> = {},
  ): Promise<GatewayRig> {
    const dataDir = await mkdtemp(join(tmpdir(), "sparegrid-gateway-"));
    const store = await openStore({ dataDir });
    const clock = () => performance.timeOrigin + performance.now();
    const seen = between(store);
    const views = new JobViews(seen, clock);
    const warnings: string[] = [];
    const gateway = await RunnerGateway.open({
      store: seen,
      views,
      clock,
      explain: async (_, error) => error,
      ...hooks,
      log: {
        info: () => {},
        warn: (fields, text) => warnings.push(`${text} ${JSON.stringify(fields)}`),
      },
    });
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    // The path says whose machine it is.
    server.on("connection", (socket, { url }) => gateway.accept(socket, url!.slice(1)));
    return new GatewayRig({ store, views, gateway, warnings, server, dataDir });
  }

  private constructor(parts: {
    store: Store;
    views: JobViews;
    gateway: RunnerGateway;
    warnings: string[];
    server: WebSocketServer;
    dataDir: string;
  }) {
    this.store = parts.store;
    this.views = parts.views;
    this.gateway = parts.gateway;
    this.warnings = parts.warnings;
    this.#server = parts.server;
    this.#dataDir = parts.dataDir;
  }

  async runner(
    name: string,
    { owner = "acc_test", ...options }: ScriptedRunnerOptions & { owner?: string } = {},
  ): Promise<ScriptedRunner> {
    const { port } = this.#server.address() as AddressInfo;
    const runner = await ScriptedRunner.connect(`ws://127.0.0.1:${port}/${owner}`, name, options);
    this.#runners.push(runner);
    return runner;
  }

  /** An iterative job over a range of 16 integers in 8 tasks. */
  async submit(more: Partial<JobSpec> = {}): Promise<string> {
    const id = `job_${this.#jobs++}`;
    const spec = jobSpecOf({
      id,
      kind: "iterate",
      input: { type: "range", count: 16 },
      recordsPerTask: 2,
      roundsMax: 1000,
      ...more,
    });
    await this.store.jobs.create(spec, plan(spec, []));
    this.gateway.wake(id);
    return id;
  }

  async state(id: string): Promise<JobState> {
    return (await this.store.jobs.read(id))!;
  }

  async events<T extends JobEvent["type"]>(
    id: string,
    type: T,
  ): Promise<Extract<JobEvent, { type: T }>[]> {
    const all = await this.store.events.read(id, 0, 10_000);
    return all.flatMap(({ event }) =>
      event.type === type ? [event as Extract<JobEvent, { type: T }>] : [],
    );
  }

  /** Waits until `found` gives something. @throws after some seconds, with what the gateway warned of */
  async until<T>(found: () => Promise<T | undefined | false>): Promise<T> {
    for (const deadline = performance.now() + 10_000; performance.now() < deadline; ) {
      const value = await found();
      if (value) return value;
      await sleep(2);
    }
    throw new Error(`waited in vain; warnings:\n${this.warnings.join("\n")}`);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    for (const runner of this.#runners) runner.terminate();
    this.#server.close();
    await this.store.close();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
