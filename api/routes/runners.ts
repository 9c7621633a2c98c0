import { allQuerySchema } from "../../protocol/http-common.ts";
import { type Runner, runnerPageSchema } from "../../protocol/http-runners.ts";
import type { Deps } from "../deps.ts";
import { readQuery } from "../http/body.ts";
import { json, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";
import type { RunnerInfo } from "../ports.ts";

/** Pools of one account are a hundred at most, and those it joined as many. */
const poolsMax = 200;

export function runnerRoutes({ gateway, pools: { pools } }: Deps): Route[] {
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
        const own = pools.list(account, undefined, poolsMax).map((pool) => pools.fullName(pool));
        const items = shown.map((info) =>
          runnerOf(info, pools.handleOf(info.owner), info.owner === account ? own : undefined),
        );
        return json({ items, next: null });
      },
    },
  ];
}

/** A runner tells of its load in percent of one core. */
export function runnerOf(
  { connectedAtMs, cpu, askHundredths, servesOnly, ...info }: RunnerInfo,
  owner: string,
  pools?: readonly string[],
): Runner {
  return {
    ...info,
    ask: askHundredths / 100,
    owner,
    ...(pools === undefined ? {} : { pools: [...pools] }),
    ...(pools === undefined || !servesOnly ? {} : { servesOnly: [...servesOnly.names] }),
    ...(cpu === undefined ? {} : { cpu: cpu / 100 }),
    connectedAt: new Date(connectedAtMs).toISOString(),
  };
}
