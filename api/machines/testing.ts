import type { RunnerInfo } from "../ports.ts";

/** A runner as the gateway tells of it, idle unless said otherwise. */
export function runnerInfo(given: Partial<RunnerInfo> = {}): RunnerInfo {
  return {
    id: "run_1",
    owner: "acc_1",
    session: "ses_1",
    name: "box",
    version: "0.1.0",
    hostClass: "v8 x64",
    platform: "linux",
    slots: 2,
    askHundredths: 100,
    busy: 0,
    memoryMb: 1024,
    connectedAtMs: 0,
    tasksDone: 0,
    tasksLost: 0,
    faults: 0,
    state: "idle",
    ...given,
  };
}
