import { jobSchema, rerunRequestSchema } from "../../protocol/http-jobs.ts";
import type { Deps } from "../deps.ts";
import { readJson } from "../http/body.ts";
import { idFor, principalOf } from "../http/context.ts";
import { rerun } from "../http/rerun.ts";
import { json, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";

export function jobAgainRoutes(deps: Deps): Route[] {
  const { jobReader, clock } = deps;
  return [
    {
      operation: {
        method: "post",
        path: "/v1/jobs/:id/again",
        id: "rerunJob",
        tag: "Jobs",
        summary: "Run a job again, with other parameters where they are given",
        description: "The same version over the same input with the same constants and seed.",
        auth: "member",
        scope: "jobs",
        idempotent: "body",
        body: { schema: rerunRequestSchema },
        responses: { 202: { description: "Accepted; Location names the job", schema: jobSchema } },
      },
      async handle(c) {
        const request = await readJson(c, rerunRequestSchema);
        const row = jobReader.row(viewerOf(c), c.req.param("id")!);
        const id = idFor(c, "job", clock());
        await rerun(deps, id, principalOf(c), row, request);
        return json(await jobReader.read(id), 202, { location: `/v1/jobs/${id}` });
      },
    },
  ];
}
