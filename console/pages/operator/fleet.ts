import type { Runner } from "../../../protocol/http-runners.ts";

/** All machines together. Pure. */
export function fleetOf(runners: readonly Runner[]) {
  const sum = (of: (runner: Runner) => number) => runners.reduce((all, one) => all + of(one), 0);
  const inState = (state: Runner["state"]) => runners.filter((one) => one.state === state).length;
  return {
    machines: runners.length,
    owners: new Set(runners.map(({ owner }) => owner)).size,
    slots: sum(({ slots }) => slots),
    busy: sum(({ busy }) => busy),
    cores: sum(({ cpu = 0 }) => cpu),
    paused: inState("paused"),
    draining: inState("draining"),
  };
}
