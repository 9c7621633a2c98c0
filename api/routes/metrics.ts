import type { Deps } from "../deps.ts";
import type { Route } from "../http/route.ts";

export function metricsRoutes({ metrics }: Deps): Route[] {
  return [
    {
      operation: {
        method: "get",
        path: "/metrics",
        id: "metrics",
        tag: "Operations",
        summary: "Metrics for Prometheus",
        auth: "open",
        responses: {
          200: { description: "Prometheus' text format", contentTypes: ["text/plain"] },
        },
      },
      handle: async () =>
        new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } }),
    },
  ];
}
