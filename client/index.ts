/**
 * A typed client for the HTTP API: `fetch` and nothing else, so that it runs in Node and in a browser (paths of files
 * and `publishFile` need Node).
 *
 * Errors: the API's refusals are `GridError` (code, fault, status, details); an API that cannot be reached is a
 * `ConnectionError` with a hint. Everything that waits takes an AbortSignal and throws its reason.
 */
import { z } from "zod";
import { GridError } from "../protocol/errors.ts";
import {
  type AwayRunner,
  awayRunnerPageSchema,
  type Health,
  healthSchema,
  invokeAcceptedSchema,
  invokeResponseSchema,
  type Job,
  type Runner,
  runnerPageSchema,
  type ServerStatus,
  type SubmitRequest,
  serverStatusSchema,
} from "../protocol/http.ts";
import { AccountsClient } from "./accounts.ts";
import { CampaignsClient } from "./campaigns.ts";
import { DatasetsClient } from "./datasets.ts";
import { FunctionsClient } from "./functions.ts";
import { type Abortable, JobsClient, type WaitOptions } from "./jobs.ts";
import { LedgerClient } from "./ledger.ts";
import { PayoutsClient } from "./payouts.ts";
import { PoolsClient } from "./pools.ts";
import { ResultBody } from "./result.ts";
import { type RetryPolicy, retryPolicyDefault } from "./retry.ts";
import { Transport } from "./transport.ts";
import type {
  AnyFunction,
  InputOf,
  InvokeResultOf,
  InvokeSettings,
  ResultOf,
  RunSettings,
} from "./types.ts";
import { WalletClient } from "./wallet.ts";

export { type ErrorCode, type Fault, GridError } from "../protocol/errors.ts";
export type * from "../protocol/http.ts";
export { ConnectionError } from "./connection-error.ts";
export type { WatchedEvent, WatchOptions } from "./events.ts";
export type { Abortable, AsOperator, WaitOptions } from "./jobs.ts";
export type { RetryPolicy } from "./retry.ts";
export type * from "./types.ts";
export type { UploadOptions, UploadSource } from "./upload.ts";
export type { HistoryOptions } from "./wallet.ts";
export { ResultBody };

export interface ClientOptions {
  url: string;
  /** Absent only for what needs none, such as `health`. */
  key?: string | undefined;
  fetch?: typeof fetch;
  retry?: Partial<RetryPolicy>;
  requestTimeoutMs?: number;
}

export interface Invoked<R> {
  result: R;
  jobId: string;
  fuel: number;
  /** Compute time in the sandbox; undefined when the work outlasted the wait and went on as a job. */
  ms: number | undefined;
  /** Why the version that ran should not be used any more. */
  deprecated?: string | undefined;
}

const requestTimeoutMsDefault = 60_000;
/** Only the envelope is checked: a deep check of a large result would cost more than the call. */
const invokedSchema = invokeResponseSchema.extend({ result: z.unknown() });
const invokeAnswerSchema = z.union([invokedSchema, invokeAcceptedSchema]);

export class Client {
  readonly accounts: AccountsClient;
  readonly functions: FunctionsClient;
  readonly datasets: DatasetsClient;
  readonly jobs: JobsClient;
  readonly pools: PoolsClient;
  readonly campaigns: CampaignsClient;
  readonly payouts: PayoutsClient;
  readonly wallet: WalletClient;
  readonly ledger: LedgerClient;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport({
      url: options.url,
      key: options.key,
      fetch: options.fetch ?? globalThis.fetch,
      retry: { ...retryPolicyDefault, ...options.retry },
      requestTimeoutMs: options.requestTimeoutMs ?? requestTimeoutMsDefault,
    });
    this.accounts = new AccountsClient(this.#transport);
    this.functions = new FunctionsClient(this.#transport);
    this.datasets = new DatasetsClient(this.#transport);
    this.jobs = new JobsClient(this.#transport);
    this.pools = new PoolsClient(this.#transport);
    this.campaigns = new CampaignsClient(this.#transport);
    this.payouts = new PayoutsClient(this.#transport);
    this.wallet = new WalletClient(this.#transport);
    this.ledger = new LedgerClient(this.#transport);
  }

  get url(): string {
    return this.#transport.url;
  }

  /**
   * Runs a function on a small inline input and answers in the same request, in milliseconds. What outlasts the API's
   * wait goes on as a job, whose end is then awaited.
   * `client.invoke<typeof wordCount>("word-count", …)` types input, params and result by the function's definition.
   * @throws GridError the function's own error too (fault "function")
   */
  async invoke<F extends AnyFunction = AnyFunction>(
    name: string,
    input?: InputOf<F>,
    settings: InvokeSettings<F> = {},
  ): Promise<Invoked<InvokeResultOf<F>>> {
    const { version, waitSeconds, signal, ...rest } = settings;
    const answer = await this.#transport.json(
      {
        method: "POST",
        path: `/v1/functions/${encodeURIComponent(name)}/invoke`,
        query: { version },
        headers: waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` },
        json: { ...(input === undefined ? {} : { input }), ...rest },
        pure: true, // functions are; and a key would cost the API a durable write on its fastest path
        unhurried: true,
        signal,
      },
      invokeAnswerSchema,
    );
    if ("result" in answer) return answer as Invoked<InvokeResultOf<F>>;
    const job = await this.#succeeded(answer.jobId, { signal });
    const result = await inlineResult(await this.jobs.result(job.id, { signal }));
    const { deprecated } = answer;
    return {
      result: result as InvokeResultOf<F>,
      jobId: job.id,
      fuel: job.fuel,
      ms: undefined,
      ...(deprecated === undefined ? {} : { deprecated }),
    };
  }

  /**
   * Submits a job, waits for its end and reads its whole result: an array of outputs (map), of { key, value }
   * (mapReduce), the final value (iterate), or bytes. For large results use `jobs` step by step.
   * @throws GridError also when the job fails or is cancelled
   */
  async run<F extends AnyFunction = AnyFunction>(
    name: string,
    settings: RunSettings<F> & WaitOptions = {},
  ): Promise<{ job: Job; result: ResultOf<F> }> {
    const { signal, onEvent, onReconnect, unreachableMsMax, after: _after, ...request } = settings;
    const submitted = await this.jobs.submit({ function: name, ...request } as SubmitRequest, {
      signal,
    });
    const job = await this.#succeeded(submitted.id, {
      signal,
      onEvent,
      onReconnect,
      unreachableMsMax,
    });
    const result = await (await this.jobs.result(job.id, { signal })).value();
    return { job, result: result as ResultOf<F> };
  }

  /** Runners that are connected now. */
  async runners(options: Abortable = {}): Promise<Runner[]> {
    return (await this.#transport.json({ path: "/v1/runners", ...options }, runnerPageSchema))
      .items;
  }

  /** Runners of yours that were connected before and are not now. */
  async awayRunners(options: Abortable = {}): Promise<AwayRunner[]> {
    const request = { path: "/v1/runners/away", ...options };
    return (await this.#transport.json(request, awayRunnerPageSchema)).items;
  }

  /** Takes a runner that is away off the list, with its record. */
  async forgetRunner(id: string, options: Abortable = {}): Promise<void> {
    const path = `/v1/runners/${encodeURIComponent(id)}`;
    await this.#transport.send({ method: "DELETE", path, ...options }, (response) =>
      response.text(),
    );
  }

  /** How the server does, and what waits for the operator; for the operator. */
  status(options: Abortable = {}): Promise<ServerStatus> {
    return this.#transport.json({ path: "/v1/status", ...options }, serverStatusSchema);
  }

  /** Whether the API is ready to serve. @throws GridError or ConnectionError when it is not */
  health(options: Abortable = {}): Promise<Health> {
    return this.#transport.json({ path: "/readyz", ...options }, healthSchema);
  }

  async #succeeded(id: string, options: WaitOptions): Promise<Job> {
    const job = await this.jobs.wait(id, options);
    if (job.status === "succeeded") return job;
    if (job.error !== undefined) throw GridError.fromBody(job.error);
    throw new GridError(
      job.status === "cancelled" ? "job-cancelled" : "job-failed",
      `The job ${id} was ${job.status}.`,
      { name: id },
    );
  }
}

/** A job's result in the shape that an invoke's answer has. */
async function inlineResult(result: ResultBody): Promise<unknown> {
  const value = await result.value();
  if (!(value instanceof Uint8Array)) return value;
  return { base64: value.toBase64(), contentType: result.contentType };
}

export function createClient(options: ClientOptions): Client {
  return new Client(options);
}
