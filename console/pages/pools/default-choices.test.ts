import { expect, test } from "vitest";
import { defaultChoices, meaningOf } from "./default-choices.ts";

const pools = [{ name: "ada/lab" }];

test("a default is chosen among the account's pools, or is none of them", () => {
  const values = (chosen: string | null) => defaultChoices(pools, chosen).map(({ value }) => value);
  expect(values(null)).toEqual(["auto", "own", "everyone", "ada/lab"]);
  expect(values("own")).toEqual(values(null));
  expect(values("ada/lab")).toEqual(values(null));
});

test("a default that is gone is shown as what it is", () => {
  expect(defaultChoices(pools, "bob/barn").at(-1)).toEqual({
    value: "bob/barn",
    label: "bob/barn (gone)",
  });
  expect(meaningOf("bob/barn", pools)).toContain("refused");
  expect(meaningOf("ada/lab", pools)).toContain("members");
});
