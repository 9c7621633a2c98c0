import { expect, test } from "vitest";
import type { Runner } from "../../../protocol/http-runners.ts";
import { fleetOf } from "./fleet.ts";

test("machines are counted together, whoever owns them", () => {
  const runners = [
    { owner: "ada", slots: 4, busy: 2, cpu: 1.5, state: "busy" },
    { owner: "ada", slots: 2, busy: 0, state: "paused" },
    { owner: "bob", slots: 1, busy: 0, cpu: 0.1, state: "draining" },
  ] as Runner[];
  expect(fleetOf(runners)).toEqual({
    machines: 3,
    owners: 2,
    slots: 7,
    busy: 2,
    cores: 1.6,
    paused: 1,
    draining: 1,
  });
});
