import type { RunnerPageState } from "../../protocol/http-runner-page.ts";
import type { RunnerHost } from "../host.ts";
import type { Governor } from "../limits/governor.ts";
import type { ServerReads } from "./server-reads.ts";

export interface PageStateOptions {
  host: RunnerHost;
  governor: Governor;
  reads: ServerReads;
  version: string;
  startedAt: string;
  suggestedServer: string | undefined;
}

export function pageState(options: PageStateOptions): RunnerPageState {
  const { host, governor, reads, version, startedAt, suggestedServer } = options;
  const { runner, membership } = host;
  const { settings, overridden, terms, paused, networkBytesToday, fault } = governor.view;
  const { ask, pools, ...rest } = terms;
  const since = runner ? new Date(runner.connectedSinceMs).toISOString() : startedAt;
  return {
    name: host.name,
    version,
    startedAt,
    server: membership?.url ?? null,
    suggestedServer: suggestedServer ?? null,
    owner: reads.owner,
    joining: host.joining ?? null,
    connection: { connected: runner?.connected ?? false, since },
    paused: paused ?? null,
    terms: { ...rest, ...(ask !== undefined && { ask }), ...(pools && { pools: [...pools] }) },
    settings,
    overridden,
    settingsFault: fault ?? null,
    networkBytesToday,
    activity: runner?.activity() ?? null,
  };
}
