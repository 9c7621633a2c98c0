import { allQuerySchema } from "../../protocol/http-common.ts";
import { splitFunctionRef } from "../../protocol/http-functions.ts";
import {
  type Job,
  jobListQuerySchema,
  jobPageSchema,
  jobSchema,
  submitRequestSchema,
} from "../../protocol/http-jobs.ts";
import { endedStatuses } from "../../protocol/job.ts";
import type { Principal } from "../accounts/principal.ts";
import type { JobFilter } from "../catalog/jobs.ts";
import type { Deps } from "../deps.ts";
import { readJson, readQuery } from "../http/body.ts";
import { idFor, principalOf } from "../http/context.ts";
import { deprecationOf } from "../http/deprecation.ts";
import { pageOf } from "../http/page.ts";
import { callAsJob } from "../http/recent-calls.ts";
import { json, type Route } from "../http/route.ts";
import { type Viewer, viewerOf } from "../http/viewer.ts";

const tag = "Jobs";

export function jobRoutes(deps: Deps): Route[] {
  const { catalog, jobs, jobReader, names, submit, calls, versions, clock } = deps;

  async function read(viewer: Viewer, id: string): Promise<Job> {
    const call = calls.get(viewer, id);
    return call ? callAsJob(call) : jobReader.readFor(viewer, id);
  }

  /** Also for a function that its owner has since made private. */
  function namedBy(principal: Principal, reference: string | undefined): JobFilter["function"] {
    if (reference === undefined) return undefined;
    const { handle, name } = splitFunctionRef(reference);
    return { owners: versions.ownersMeant(principal, handle), name };
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
        const principal = principalOf(c);
        const version = versions.find(principal, request.function, request.version);
        await submit.submit(id, principal, { ...request, version: version.digest });
        const deprecation = deprecationOf(version);
        return json({ ...(await jobReader.read(id)), ...deprecation?.field }, 202, {
          ...deprecation?.header,
          location: `/v1/jobs/${id}`,
        });
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/jobs",
        id: "listJobs",
        tag,
        summary: "List your jobs, newest first",
        description: "With all=true the operator sees everyone's.",
        auth: "member",
        scope: "jobs",
        query: jobListQuerySchema,
        responses: { 200: { description: "A page", schema: jobPageSchema } },
      },
      async handle(c) {
        const query = readQuery(c, jobListQuerySchema);
        const { cursor, limit, status } = query;
        const { account, all } = viewerOf(c, query.all);
        const filter = {
          cursor,
          limit: limit + 1,
          owner: all ? undefined : account,
          status,
          function: namedBy(principalOf(c), query.function),
          dataset: query.dataset,
        };
        const list = () => catalog.jobs.list(filter);
        // A list by status needs every status; any other only those that it shows.
        if (status !== undefined) await jobReader.reconcile();
        else for (const row of list()) if (!row.ended) await jobReader.read(row.id);
        return json(
          pageOf(
            list(),
            limit,
            (row) => row.id,
            (row) => ({
              ...jobReader.summary(row),
              ...(all ? { owner: names.handleOf(row.owner) } : {}),
            }),
          ),
        );
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
        query: allQuerySchema,
        responses: { 200: { description: "The job", schema: jobSchema } },
      },
      async handle(c) {
        const viewer = viewerOf(c, readQuery(c, allQuerySchema).all);
        return json(await read(viewer, c.req.param("id")!));
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
        query: allQuerySchema,
        responses: { 200: { description: "The job", schema: jobSchema } },
      },
      async handle(c) {
        const id = c.req.param("id")!;
        const viewer = viewerOf(c, readQuery(c, allQuerySchema).all);
        const job = await read(viewer, id);
        if (endedStatuses.has(job.status)) return json(job);
        await jobs.cancel(id);
        return json(await read(viewer, id));
      },
    },
  ];
}
