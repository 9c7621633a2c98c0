import { z } from "zod";
import {
  type Estimate,
  estimateSchema,
  type Job,
  type JobListQuery,
  type JobStateView,
  type JobSummary,
  type JobTasks,
  jobPageSchema,
  jobSchema,
  jobStateViewSchema,
  jobTasksSchema,
  type ParamsRequest,
  type StepRequest,
  type SubmitRequest,
} from "../protocol/http.ts";
import { type WatchedEvent, type WatchOptions, watchJob } from "./events.ts";
import { paged } from "./paged.ts";
import { ResultBody } from "./result.ts";
import type { Transport } from "./transport.ts";

export interface Abortable {
  signal?: AbortSignal | undefined;
}

/** What is someone else's as well: for operators. */
export interface AsOperator extends Abortable {
  all?: boolean | undefined;
}

export interface WaitOptions extends WatchOptions {
  /** Called with each event on the way. */
  onEvent?: ((event: WatchedEvent) => void) | undefined;
}

/** Any job's, whose `entry` a newer API may have extended. */
const lenientJobSchema = jobSchema.extend({ entry: z.string() });

/** Jobs: submit, watch, read, stop. Every method throws GridError, ConnectionError or its signal's reason. */
export class JobsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Plans a job and returns at once; its first tasks are then ready for runners. */
  submit(request: SubmitRequest, options: Abortable = {}): Promise<Job> {
    return this.#job({ method: "POST", path: "/v1/jobs", json: request, ...options });
  }

  get(id: string, options: AsOperator = {}): Promise<Job> {
    return this.#job({ path: pathOf(id), ...asOperator(options) });
  }

  /** Jobs, newest first, fetched page by page as they are consumed. */
  list(
    query: Partial<Omit<JobListQuery, "cursor">> & Abortable = {},
  ): AsyncGenerator<JobSummary, void, undefined> {
    const { signal, ...filter } = query;
    return paged((cursor) =>
      this.#transport.json(
        { path: "/v1/jobs", query: { ...filter, cursor }, signal },
        jobPageSchema,
      ),
    );
  }

  /** Stops a job; one that had ended stays as it is. */
  cancel(id: string, options: AsOperator = {}): Promise<Job> {
    return this.#job({ method: "POST", path: `${pathOf(id)}/cancel`, ...asOperator(options) });
  }

  /** Hands nothing more of it out until `resume`; what runners are at still counts. One that has ended stays so. */
  pause(id: string, options: Abortable = {}): Promise<Job> {
    return this.#job({ method: "POST", path: `${pathOf(id)}/pause`, ...options });
  }

  /** Ends a pause. A job that waits for credits, too, stays paused for these: read `pausedBy`. */
  resume(id: string, options: Abortable = {}): Promise<Job> {
    return this.#job({ method: "POST", path: `${pathOf(id)}/resume`, ...options });
  }

  /** A paused iterate job does so many rounds (1) and is paused again. */
  step(id: string, { rounds, ...options }: Abortable & StepRequest = {}): Promise<Job> {
    const json = rounds === undefined ? {} : { rounds };
    return this.#job({ method: "POST", path: `${pathOf(id)}/step`, json, ...options });
  }

  /** Changes parameters of an iterate job from the next round on; `paramChanges` says which that was. */
  setParams(id: string, params: ParamsRequest["params"], options: Abortable = {}): Promise<Job> {
    const json = { params };
    return this.#job({ method: "PATCH", path: `${pathOf(id)}/params`, json, ...options });
  }

  /** Where the tasks of its present stage stand. */
  tasks(id: string, options: Abortable = {}): Promise<JobTasks> {
    return this.#transport.json({ path: `${pathOf(id)}/tasks`, ...options }, jobTasksSchema);
  }

  /** What an iterate job has come to so far: the value it would result in, had it ended with its newest round. */
  state(id: string, options: Abortable = {}): Promise<JobStateView> {
    return this.#transport.json({ path: `${pathOf(id)}/state`, ...options }, jobStateViewSchema);
  }

  /** What a job would cost, from a sample of its input that is run for it, which is paid like a call. */
  estimate(request: SubmitRequest, options: Abortable = {}): Promise<Estimate> {
    return this.#transport.json(
      {
        method: "POST",
        path: "/v1/jobs/estimate",
        json: request,
        pure: true,
        unhurried: true,
        ...options,
      },
      estimateSchema,
    );
  }

  /** Puts more credits into a job's hold. One that was paused for its money goes on. */
  topUp(id: string, credits: number, options: Abortable = {}): Promise<Job> {
    const json = { credits };
    return this.#job({ method: "POST", path: `${pathOf(id)}/top-up`, json, ...options });
  }

  /** Its numbered events until it ends, across restarts of the API. */
  events(id: string, options: WatchOptions = {}): AsyncGenerator<WatchedEvent, void, undefined> {
    return watchJob(this.#transport, id, options);
  }

  /** The job as it ended, however it ended: read `status` and `error`. */
  async wait(id: string, options: WaitOptions = {}): Promise<Job> {
    const { onEvent, ...watching } = options;
    for await (const event of this.events(id, watching)) onEvent?.(event);
    return this.get(id, { signal: options.signal });
  }

  /**
   * The result as a stream. `accept` asks for another representation (application/octet-stream, text/csv).
   * @throws GridError result-not-ready, job-failed, job-cancelled, result-gone, not-acceptable
   */
  async result(id: string, options: Abortable & { accept?: string } = {}): Promise<ResultBody> {
    const path = `${pathOf(id)}/result`;
    const { accept = "*/*", signal } = options;
    const open = (): Promise<Response> =>
      this.#transport.open({ path, headers: { accept }, unhurried: true, signal });
    const response = await open();
    return new ResultBody(
      response,
      this.#transport.url + path,
      async () => (await open()).body,
      signal,
    );
  }

  async #job(call: Parameters<Transport["open"]>[0]): Promise<Job> {
    return (await this.#transport.json(call, lenientJobSchema)) as Job;
  }
}

function pathOf(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

function asOperator({ all, ...options }: AsOperator) {
  return { ...options, ...(all ? { query: { all: "true" } } : {}) };
}
