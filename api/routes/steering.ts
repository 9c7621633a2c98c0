import { GridError } from "../../protocol/errors.ts";
import { allQuerySchema } from "../../protocol/http-common.ts";
import { type Job, jobSchema } from "../../protocol/http-jobs.ts";
import {
  paramChangeBytesMax,
  paramChangesMax,
  paramsRequestSchema,
  stepRequestSchema,
} from "../../protocol/http-live.ts";
import { endedStatuses, type JobState } from "../../protocol/job.ts";
import type { Deps } from "../deps.ts";
import { readJson, readOptionalJson, readQuery } from "../http/body.ts";
import type { ApiContext } from "../http/context.ts";
import { fillParams, type Params } from "../http/params.ts";
import { callAsJob } from "../http/recent-calls.ts";
import { json, type Operation, type Route } from "../http/route.ts";
import { type Viewer, viewerOf } from "../http/viewer.ts";
import { paramsAfter } from "../jobs/job-view.ts";

const pausedByConsumer = "It was paused; resume it to go on.";

/** What the owner of a job, or the operator, does to it while it runs. */
export function steeringRoutes(deps: Deps): Route[] {
  const { catalog, jobs, jobReader, calls } = deps;

  const asked = (c: ApiContext) => ({
    id: c.req.param("id")!,
    viewer: viewerOf(c, readQuery(c, allQuerySchema).all),
  });

  /** Does it, unless the job has ended, and answers with the job. */
  async function steer(
    viewer: Viewer,
    id: string,
    steering: () => Promise<unknown>,
  ): Promise<Response> {
    const call = calls.get(viewer, id);
    if (call) return json(callAsJob(call));
    const job = await jobReader.readFor(viewer, id);
    if (endedStatuses.has(job.status)) return json(job);
    await steering();
    return json(await jobReader.readFor(viewer, id));
  }

  async function step(id: string, rounds: number): Promise<void> {
    requireIterate(await stateOf(id));
    const outcome = await jobs.step(id, rounds);
    if (outcome === "resumed") return;
    const { pauses, endedAtMs } = await stateOf(id);
    if (endedAtMs !== undefined) return;
    if (outcome === "held")
      throw new GridError("insufficient-credits", `Job ${id} waits for credits: ${pauses?.budget}`);
    throw new GridError("not-paused", `Job ${id} is not paused.`, {
      hint: "Pause it first: POST /v1/jobs/:id/pause.",
    });
  }

  async function changeParams(viewer: Viewer, id: string, given: Params): Promise<void> {
    const row = jobReader.row(viewer, id);
    const state = await stateOf(id);
    requireIterate(state);
    const { functionOwner, function: name } = row;
    const version = catalog.functions.versionOfJob(functionOwner, name, row.version);
    if (!version) throw new GridError("not-found", `The function of job ${id} is gone.`);
    const changes = state.paramChanges ?? [];
    const now = paramsAfter(state.spec, changes, changes.length) as Params;
    const then = fillParams(version.description.params, { ...now, ...given });
    // Filled in their order, so that a repeat is known for one; what stays is no change.
    const changed = Object.entries(then).filter(([name, value]) => differ(now[name], value));
    if (changed.length === 0) return;
    const outcome = await jobs.changeParams(id, Object.fromEntries(changed));
    if (outcome === "ended") throw ended(id);
    if (outcome === "full")
      throw new GridError("conflict", `Job ${id} has had ${paramChangesMax} changes already.`, {
        limit: paramChangesMax,
        hint: "Each is kept, as part of how the result came about. Run it again with the parameters it has now.",
      });
  }

  async function stateOf(id: string): Promise<JobState> {
    const state = await jobs.read(id);
    if (!state) throw ended(id);
    return state;
  }

  const verb = (
    name: string,
    about: Pick<Operation, "id" | "summary" | "description">,
    steering: (id: string) => Promise<unknown>,
  ): Route => ({
    operation: {
      method: "post",
      path: `/v1/jobs/:id/${name}`,
      tag: "Jobs",
      auth: "member",
      scope: "jobs",
      idempotent: "body",
      query: allQuerySchema,
      responses: { 200: { description: "The job", schema: jobSchema } },
      ...about,
    },
    handle(c) {
      const { viewer, id } = asked(c);
      return steer(viewer, id, () => steering(id));
    },
  });

  return [
    {
      operation: {
        method: "patch",
        path: "/v1/jobs/:id/params",
        id: "changeParams",
        tag: "Jobs",
        summary: "Change parameters of a running iterate job",
        description:
          "The next round that begins uses them, its map, merges and step alike; `paramChanges` of the job, and a `params` event, say which round that was. What only init reads has no effect any more once the job has begun.",
        auth: "member",
        scope: "jobs",
        idempotent: "body",
        query: allQuerySchema,
        body: { schema: paramsRequestSchema },
        responses: { 200: { description: "The job", schema: jobSchema } },
      },
      async handle(c) {
        const { viewer, id } = asked(c);
        const { params } = await readJson(c, paramsRequestSchema, paramChangeBytesMax);
        const job: Job = await readJob(viewer, id);
        if (endedStatuses.has(job.status)) throw ended(id);
        await changeParams(viewer, id, params as Params);
        return json(await jobReader.readFor(viewer, id));
      },
    },
    verb(
      "pause",
      {
        id: "pauseJob",
        summary: "Pause a job",
        description:
          "Nothing more of it is handed out; what runners are at still counts. Repeating it changes nothing.",
      },
      (id) => jobs.pause(id, "consumer", pausedByConsumer),
    ),
    verb(
      "resume",
      {
        id: "resumeJob",
        summary: "Let a paused job go on",
        description:
          "A job that waits for credits, too, goes on when it has both. A job that does a step goes on without an end to it.",
      },
      (id) => jobs.resume(id, "consumer"),
    ),
    {
      operation: {
        method: "post",
        path: "/v1/jobs/:id/step",
        id: "stepJob",
        tag: "Jobs",
        summary: "Let a paused iterate job do a round, or several, and pause again",
        auth: "member",
        scope: "jobs",
        idempotent: "body",
        query: allQuerySchema,
        body: { schema: stepRequestSchema },
        responses: { 200: { description: "The job", schema: jobSchema } },
      },
      async handle(c) {
        const { viewer, id } = asked(c);
        const { rounds = 1 } = await readOptionalJson(c, stepRequestSchema);
        return steer(viewer, id, () => step(id, rounds));
      },
    },
  ];

  function readJob(viewer: Viewer, id: string): Promise<Job> | Job {
    const call = calls.get(viewer, id);
    return call ? callAsJob(call) : jobReader.readFor(viewer, id);
  }
}

function requireIterate({ spec: { id, kind } }: JobState): void {
  if (kind !== "iterate")
    throw new GridError("not-iterative", `Job ${id} is of kind ${kind} and has no rounds.`, {
      hint: "Parameters change, and steps are made, from round to round of an iterate.",
    });
}

function ended(id: string): GridError {
  return new GridError("job-ended", `Job ${id} has ended.`, {
    hint: "Run it again with other parameters.",
  });
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
