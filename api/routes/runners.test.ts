import { expect, test } from "vitest";
import { runnerSchema } from "../../protocol/http-runners.ts";
import { runnerInfo } from "../machines/testing.ts";
import { runnerOf } from "./runners.ts";

test("a runner tells its load in cores, whose it is, and to its owner its pools", () => {
  const info = runnerInfo({ askHundredths: 150, busy: 1, tasksDone: 3, state: "busy", rssMb: 200 });
  const record = { since: new Date(0).toISOString(), tasksDone: 3, tasksLost: 0, faults: 0 };
  const told = runnerOf({ ...info, cpu: 150 }, { owner: "ada", record }, ["ada/lab"]);
  expect(runnerSchema.parse(told)).toMatchObject({
    cpu: 1.5,
    rssMb: 200,
    owner: "ada",
    ask: 1.5,
    pools: ["ada/lab"],
  });
  const others = runnerOf(info, { owner: "ada", record });
  expect(others).not.toHaveProperty("cpu");
  expect(others).not.toHaveProperty("pools");
});
