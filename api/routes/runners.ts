import { allQuerySchema } from "../../protocol/http-common.ts";
import { type Runner, runnerPageSchema } from "../../protocol/http-runners.ts";
import type { Deps } from "../deps.ts";
import { readQuery } from "../http/body.ts";
import { json, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";
import type { RunnerInfo } from "../ports.ts";

export function runnerRoutes({ gateway }: Deps): Route[] {
  return [
    {
      operation: {
        method: "get",
        path: "/v1/runners",
        id: "listRunners",
        tag: "Runners",
        summary: "Your runners that are connected now",
        description: "With all=true the operator sees everyone's.",
        auth: "member",
        scope: "runners",
        query: allQuerySchema,
        responses: { 200: { description: "All of them", schema: runnerPageSchema } },
      },
      handle(c) {
        const { account, all } = viewerOf(c, readQuery(c, allQuerySchema).all);
        const shown = gateway.runners().filter(({ owner }) => all || owner === account);
        return json({ items: shown.map(runnerOf), next: null });
      },
    },
  ];
}

/** A runner tells of its load in percent of one core. */
export function runnerOf({ connectedAtMs, cpu, ...info }: RunnerInfo): Runner {
  return {
    ...info,
    ...(cpu === undefined ? {} : { cpu: cpu / 100 }),
    connectedAt: new Date(connectedAtMs).toISOString(),
  };
}
