import { GridError } from "../../protocol/errors.ts";
import { type Health, healthSchema } from "../../protocol/http-common.ts";
import { type ServerStatus, serverStatusSchema } from "../../protocol/http-status.ts";
import type { Deps } from "../deps.ts";
import { pingStore } from "../http/ping-store.ts";
import { json, type Route } from "../http/route.ts";
import { readServerStatus } from "../http/server-status.ts";

const tag = "Operations";
const pingMs = 2_000;

export function healthRoutes(deps: Deps): Route[] {
  const { store, gateway, version, stopping, config } = deps;
  const kind = config.redisUrl === undefined ? "embedded" : "redis";
  return [
    {
      operation: {
        method: "get",
        path: "/healthz",
        id: "health",
        tag,
        summary: "Whether the process lives",
        auth: "open",
        responses: { 200: { description: "It does", schema: healthSchema } },
      },
      handle: () => json({ status: "ok", version } satisfies Health),
    },
    {
      operation: {
        method: "get",
        path: "/readyz",
        id: "readiness",
        tag,
        summary:
          "Whether requests will be served: the store answers and the server is not stopping",
        auth: "open",
        responses: { 200: { description: "Ready", schema: healthSchema } },
      },
      async handle() {
        if (stopping.aborted) throw new GridError("shutting-down", "The server is shutting down.");
        await pingStore(store, pingMs);
        const runners = gateway.runners().length;
        return json({ status: "ok", version, store: kind, runners } satisfies Health);
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/status",
        id: "serverStatus",
        tag,
        summary: "How the server does, and what waits for the operator",
        auth: "operator",
        responses: { 200: { description: "Its state", schema: serverStatusSchema } },
      },
      handle: async () => json((await readServerStatus(deps)) satisfies ServerStatus),
    },
  ];
}
