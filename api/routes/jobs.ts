import {
  type Job,
  jobListQuerySchema,
  jobPageSchema,
  jobSchema,
  submitRequestSchema,
} from "../../protocol/http-jobs.ts";
import { endedStatuses } from "../../protocol/job.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { idFor, principalOf } from "../http/context.ts";
import { summaryOf } from "../http/job-view.ts";
import { pageOf } from "../http/page.ts";
import { callAsJob } from "../http/recent-calls.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Jobs";

export function jobRoutes(deps: Deps): Route[] {
  const { catalog, jobs, jobReader, submit, calls, clock } = deps;

  async function read(id: string): Promise<Job> {
    const call = calls.get(id);
    return call ? callAsJob(call) : jobReader.read(id);
  }

  return [
    {
      operation: {
        method: "post",
        path: "/v1/jobs",
        id: "submitJob",
        tag,
        summary: "Run a function on a dataset or an inline input",
        auth: "member",
        scope: "jobs",
        idempotent: "body",
        body: { schema: submitRequestSchema },
        responses: { 202: { description: "Accepted; Location names the job", schema: jobSchema } },
      },
      async handle(c) {
        const request = await readJson(c, submitRequestSchema);
        const id = idFor(c, "job", clock());
        await submit.submit(id, principalOf(c), request);
        return json(await jobReader.read(id), 202, { location: `/v1/jobs/${id}` });
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/jobs",
        id: "listJobs",
        tag,
        summary: "List jobs, newest first",
        auth: "member",
        scope: "jobs",
        query: jobListQuerySchema,
        responses: { 200: { description: "A page", schema: jobPageSchema } },
      },
      async handle(c) {
        const { cursor, limit, status, function: name } = readQuery(c, jobListQuerySchema);
        const list = () => catalog.jobs.list({ cursor, limit: limit + 1, status, function: name });
        // A list by status needs every status; any other only those that it shows.
        if (status !== undefined) await jobReader.reconcile();
        else for (const row of list()) if (!row.ended) await jobReader.read(row.id);
        return json(pageOf(list(), limit, (row) => row.id, summaryOf));
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/jobs/:id",
        id: "getJob",
        tag,
        summary: "A job's state and progress",
        description: "Synchronous invocations are known by their jobId for a while, too.",
        auth: "member",
        scope: "jobs",
        responses: { 200: { description: "The job", schema: jobSchema } },
      },
      async handle(c) {
        return json(await read(c.req.param("id")!));
      },
    },
    {
      operation: {
        method: "post",
        path: "/v1/jobs/:id/cancel",
        id: "cancelJob",
        tag,
        summary: "Stop a job",
        description: "A job that has ended stays as it ended.",
        auth: "member",
        scope: "jobs",
        idempotent: "body",
        responses: { 200: { description: "The job", schema: jobSchema } },
      },
      async handle(c) {
        const id = c.req.param("id")!;
        const job = await read(id);
        if (endedStatuses.has(job.status)) return json(job);
        await jobs.cancel(id);
        return json(await read(id));
      },
    },
  ];
}
