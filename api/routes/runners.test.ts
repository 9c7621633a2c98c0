import { expect, test } from "vitest";
import { runnerSchema } from "../../protocol/http-runners.ts";
import { runnerOf } from "./runners.ts";

test("a runner tells its load in cores, whose it is, and to its owner its pools", () => {
  const info = {
    id: "run_1",
    owner: "acc_1",
    session: "ses_1",
    name: "box",
    version: "0.1.0",
    hostClass: "v8 x64",
    platform: "linux",
    slots: 2,
    askHundredths: 150,
    busy: 1,
    memoryMb: 1024,
    connectedAtMs: 0,
    tasksDone: 3,
    state: "busy" as const,
    rssMb: 200,
  };
  const told = runnerOf({ ...info, cpu: 150 }, "ada", ["ada/lab"]);
  expect(runnerSchema.parse(told)).toMatchObject({
    cpu: 1.5,
    rssMb: 200,
    owner: "ada",
    ask: 1.5,
    pools: ["ada/lab"],
  });
  const others = runnerOf(info, "ada");
  expect(others).not.toHaveProperty("cpu");
  expect(others).not.toHaveProperty("pools");
});
