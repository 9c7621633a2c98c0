import { allQuerySchema } from "../../protocol/http-common.ts";
import { jobStateViewSchema } from "../../protocol/http-live.ts";
import type { Deps } from "../deps.ts";
import { readQuery } from "../http/body.ts";
import { jsonText, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";

export function jobStateRoutes({ jobReader, latest }: Deps): Route[] {
  return [
    {
      operation: {
        method: "get",
        path: "/v1/jobs/:id/state",
        id: "getState",
        tag: "Jobs",
        summary: "What an iterate job has come to so far",
        description:
          "The value that it would result in, had it ended with its newest round: what `finish` makes of the state, on a runner, as a call of the job's owner. Of a job that ended early, the last one.",
        auth: "member",
        scope: "jobs",
        query: allQuerySchema,
        responses: { 200: { description: "The value", schema: jobStateViewSchema } },
      },
      async handle(c) {
        const row = jobReader.row(
          viewerOf(c, readQuery(c, allQuerySchema).all),
          c.req.param("id")!,
        );
        const { round, bytes } = await latest.of(row);
        return jsonText(`{"round":${round},"value":${bytes.toString("utf8")}}`);
      },
    },
  ];
}
