import { GridError } from "../../protocol/errors.ts";
import { type Health, healthSchema } from "../../protocol/http-common.ts";
import type { Deps } from "../deps.ts";
import { json, type Route } from "../http/route.ts";

const tag = "Operations";
const pingMs = 2_000;

export function healthRoutes({ store, gateway, version, stopping, config }: Deps): Route[] {
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
        await withDeadline(store.ping(), pingMs);
        const runners = gateway.runners().length;
        return json({ status: "ok", version, store: kind, runners } satisfies Health);
      },
    },
  ];
}

async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new GridError("store-unavailable", `The store did not answer in ${ms} ms.`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
