import { GridError } from "../../protocol/errors.ts";
import { allQuerySchema } from "../../protocol/http-common.ts";
import {
  type RunnerEarnings,
  runnerEarningsQuerySchema,
  runnerEarningsSchema,
} from "../../protocol/http-runner-earnings.ts";
import {
  type AwayRunner,
  awayRunnerPageSchema,
  type Runner,
  type RunnerRecord,
  runnerPageSchema,
} from "../../protocol/http-runners.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { Deps } from "../deps.ts";
import { readQuery } from "../http/body.ts";
import { principalOf } from "../http/context.ts";
import { json, type Route } from "../http/route.ts";
import { viewerOf } from "../http/viewer.ts";
import type { Tally } from "../machines/records.ts";
import type { EarnedDays } from "../payments/runner-earnings.ts";
import type { RunnerInfo } from "../ports.ts";

/** Pools of one account are a hundred at most, and those it joined as many. */
const poolsMax = 200;
const awayMax = 200;
/** Of a machine that did less nobody can say how well it keeps to what it takes. */
const tasksToJudgeBy = 20;

export function runnerRoutes({ gateway, machines, payments, pools: { pools } }: Deps): Route[] {
  return [
    {
      operation: {
        method: "get",
        path: "/v1/runners/:id/earnings",
        id: "getRunnerEarnings",
        tag: "Runners",
        summary: "What one of your runners has earned: in all, and by day",
        description:
          "Days are those of whoever asks: `offsetMinutes` says how far that clock is ahead of UTC. Calls are counted some seconds later.",
        auth: "member",
        scope: "runners",
        query: runnerEarningsQuerySchema,
        responses: { 200: { description: "Its earnings", schema: runnerEarningsSchema } },
      },
      handle(c) {
        const { account } = principalOf(c);
        const runner = c.req.param("id")!;
        const query = readQuery(c, runnerEarningsQuerySchema);
        const earned = payments.runnerEarnings.read({ account, runner }, query);
        // One that never earned is known for as long as it is connected.
        const isOwn = (info: RunnerInfo) => info.owner === account && info.id === runner;
        if (!earned.known && !gateway.runners().some(isOwn))
          throw new GridError("not-found", `You have no runner ${runner}.`, { name: runner });
        return json(earningsOf(runner, earned));
      },
    },
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
          runnerOf(
            info,
            { owner: pools.handleOf(info.owner), record: recordOf(machines.of(info)) },
            info.owner === account ? own : undefined,
          ),
        );
        return json({ items, next: null });
      },
    },
    {
      operation: {
        method: "get",
        path: "/v1/runners/away",
        id: "listAwayRunners",
        tag: "Runners",
        summary: "Your runners that were connected before and are not now",
        description:
          "The last seen first, at most 200. Those that were away for half a year are forgotten.",
        auth: "member",
        scope: "runners",
        responses: { 200: { description: "All of them", schema: awayRunnerPageSchema } },
      },
      handle(c) {
        const { account } = principalOf(c);
        const owner = pools.handleOf(account);
        const items = machines.away(account, awayMax).map((row): AwayRunner => {
          const { runner: id, name, version, platform } = row;
          const lastSeenAt = new Date(row.lastSeenAtMs).toISOString();
          return { id, name, owner, version, platform, lastSeenAt, record: recordOf(row) };
        });
        return json({ items, next: null });
      },
    },
    {
      operation: {
        method: "delete",
        path: "/v1/runners/:id",
        id: "forgetRunner",
        tag: "Runners",
        summary: "Forget a runner that is away",
        description:
          "It leaves the list, with its record. What it earned stays yours. If it connects again it is listed again: revoke its key to keep it away.",
        auth: "member",
        scope: "runners",
        idempotent: "body",
        responses: { 204: { description: "Forgotten" } },
      },
      handle(c) {
        const { account } = principalOf(c);
        const id = c.req.param("id")!;
        if (machines.isHere(account, id))
          throw new GridError("conflict", "This runner is connected.", {
            name: id,
            hint: "stop it first, or revoke its key",
          });
        if (!machines.forget(account, id))
          throw new GridError("not-found", `You have no runner ${id}.`, { name: id });
        return new Response(null, { status: 204 });
      },
    },
  ];
}

function earningsOf(runner: string, { totalMicro, days }: EarnedDays): RunnerEarnings {
  return {
    runner,
    total: creditsOf(totalMicro),
    today: creditsOf(days.at(-1)!.micro),
    days: days.map(({ date, micro }) => ({ date, credits: creditsOf(micro) })),
  };
}

function recordOf({ firstSeenAtMs, ...tally }: Tally & { firstSeenAtMs: number }): RunnerRecord {
  const { tasksDone, tasksLost, faults } = tally;
  const taken = tasksDone + tasksLost + faults;
  return {
    since: new Date(firstSeenAtMs).toISOString(),
    ...{ tasksDone, tasksLost, faults },
    ...(taken < tasksToJudgeBy ? {} : { reliability: tasksDone / taken }),
  };
}

/** A runner tells of its load in percent of one core. */
export function runnerOf(
  { connectedAtMs, cpu, askHundredths, servesOnly, tasksLost: _, faults: __, ...info }: RunnerInfo,
  { owner, record }: Pick<Runner, "owner" | "record">,
  pools?: readonly string[],
): Runner {
  return {
    ...info,
    ask: askHundredths / 100,
    owner,
    record,
    ...(pools === undefined ? {} : { pools: [...pools] }),
    ...(pools === undefined || !servesOnly ? {} : { servesOnly: [...servesOnly.names] }),
    ...(cpu === undefined ? {} : { cpu: cpu / 100 }),
    connectedAt: new Date(connectedAtMs).toISOString(),
  };
}
