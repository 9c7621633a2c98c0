import { type Runner, runnerPageSchema } from "../../protocol/http-runners.ts";
import type { Deps } from "../deps.ts";
import { json, type Route } from "../http/route.ts";
import type { RunnerInfo } from "../ports.ts";

export function runnerRoutes({ gateway }: Deps): Route[] {
  return [
    {
      operation: {
        method: "get",
        path: "/v1/runners",
        id: "listRunners",
        tag: "Runners",
        summary: "Runners that are connected now",
        auth: "member",
        scope: "runners",
        responses: { 200: { description: "All of them", schema: runnerPageSchema } },
      },
      handle: () => json({ items: gateway.runners().map(runnerOf), next: null }),
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
