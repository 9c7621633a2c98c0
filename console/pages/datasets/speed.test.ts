import { expect, test } from "vitest";
import { Speed } from "./speed.ts";

test("the speed is that of the last seconds, once there is enough to tell", () => {
  const speed = new Speed();
  speed.begin(0);
  expect(speed.at(100, 1_000)).toBeUndefined();
  expect(speed.at(1_000, 10_000)).toBe(10_000);
  for (let second = 2; second <= 20; second++) speed.at(second * 1_000, 10_000);
  expect(speed.at(21_000, 10_000)).toBe(0);
});
