import { hostname } from "node:os";
import { GridError } from "../protocol/errors.ts";
import { type Runner, startRunner } from "./index.ts";
import { beginJoin } from "./join.ts";
import { keepKey } from "./kept-key.ts";
import type { Governor } from "./limits/governor.ts";
import type { RunnerLog } from "./log.ts";
import type { NetworkMeter } from "./network-meter.ts";

export interface HostOptions {
  dataDir: string;
  name: string | undefined;
  version: string;
  governor: Governor;
  network: NetworkMeter;
  log: RunnerLog;
}

/** A server, and the key by which this machine works for it. */
export interface Membership {
  url: string;
  token: string;
}

/** How far joining has come. */
export type Joining =
  | { state: "waiting"; url: string; code: string; link: string; expiresAt: string }
  | { state: "failed"; url: string; reason: string };

/**
 * The program's runner, once there is one.
 *
 *   alone ⇄ joining → lending → ended
 *
 * A machine that has joined before begins with lending. Only a runner that the gateway will not have, or `close`, ends it.
 */
export class RunnerHost {
  /** Resolves when it has ended, with why the gateway would not have it (any more). */
  readonly ended: Promise<GridError | undefined>;
  readonly #options: HostOptions;
  readonly #resolveEnded: (refusal: GridError | undefined) => void;
  #runner: Runner | undefined;
  #membership: Membership | undefined;
  #joining: Joining | undefined;
  #abort: AbortController | undefined;
  #closed = false;

  constructor(options: HostOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<GridError | undefined>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  get runner(): Runner | undefined {
    return this.#runner;
  }

  get membership(): Membership | undefined {
    return this.#membership;
  }

  get joining(): Joining | undefined {
    return this.#joining;
  }

  get name(): string {
    return this.#options.name ?? hostname();
  }

  async lend(membership: Membership): Promise<void> {
    const { governor, log, name, version, dataDir, network } = this.#options;
    const runner = await startRunner({
      url: membership.url,
      token: membership.token,
      dataDir,
      log,
      version,
      network,
      ...governor.terms,
      paused: governor.paused,
      ...(name !== undefined && { name }),
    });
    this.#membership = membership;
    this.#runner = runner;
    governor.attach(runner);
    void runner.ended.then(() => this.#resolveEnded(runner.refusal));
    if (this.#closed) await runner.close({ drainMs: 0 });
  }

  /**
   * Begins to join a server: resolves with a code for someone to approve, and lends once that is done.
   * @throws GridError conflict when it has joined; not-found, store-unavailable
   */
  async join(url: string): Promise<Joining> {
    if (this.#runner)
      throw new GridError("conflict", "This machine has joined already.", {
        hint: "Revoke its key, and start the runner with --join, to join as someone else.",
      });
    this.leave();
    const abort = new AbortController();
    this.#abort = abort;
    const pending = await beginJoin({ url, name: this.name, signal: abort.signal });
    const { code, link } = pending;
    const expiresAt = new Date(pending.expiresAtMs).toISOString();
    const waiting = { state: "waiting", url, code, link, expiresAt } as const;
    this.#joining = waiting;
    this.#await(pending.key(), url).catch((error: unknown) => {
      if (abort.signal.aborted) return;
      this.#joining = { state: "failed", url, reason: (error as Error).message };
    });
    return waiting;
  }

  /** Waits for nobody any more. */
  leave(): void {
    this.#abort?.abort(new GridError("shutting-down", "nobody waits for it any more"));
    this.#joining = undefined;
  }

  pids(): number[] {
    return this.#runner?.pids() ?? [];
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.leave();
    await this.#runner?.close();
    this.#resolveEnded(undefined);
  }

  async #await(key: Promise<string>, url: string): Promise<void> {
    const token = await key;
    const { dataDir, log } = this.#options;
    const path = await keepKey(dataDir, { url, key: token });
    log.info({ url, path }, "joined");
    await this.lend({ url, token });
    this.#joining = undefined;
  }
}
