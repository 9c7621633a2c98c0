import { runLocally } from "sparegrid/testing";
import { expect, test } from "vitest";
import csvGroupBy from "./csv-group-by.ts";
import { readData, shell } from "./test-support/data.ts";

test("tumours by class: the figures that awk computes", () => {
  const [, ...rows] = readData("breast_cancer.csv").trimEnd().split("\n");
  const header = Array.from({ length: 30 }, (_, i) => `f${i}`).join(",");
  const groups = runLocally(csvGroupBy, `${header},class\n${rows.join("\n")}`, {
    key: "class",
    value: "f3",
  });
  const expected = shell(
    `awk -F, '{ k = $31 + 0; v = $4 + 0; n[k]++; s[k] += v
       if (n[k] == 1 || v < lo[k]) lo[k] = v; if (n[k] == 1 || v > hi[k]) hi[k] = v }
     END { for (k in n) printf "%d %d %.10f %.10f %.10f\\n", k, n[k], s[k], lo[k], hi[k] }' | sort`,
    rows.join("\n"),
  );
  expect(groups).toHaveLength(2);
  groups.forEach(({ key, value }, i) => {
    const [name, count, sum, min, max] = expected[i]!.split(" ").map(Number);
    expect([Number(key), value.count, value.min, value.max]).toEqual([name, count, min, max]);
    expect(value.sum).toBeCloseTo(sum!, 6);
    expect(value.mean).toBeCloseTo(sum! / count!, 8);
  });
});

test("quoted keys, empty values and errors", () => {
  const data = 'city,sales\n"Biel, Bienne",1.5\n"Biel, Bienne",\nBern,-2\n"Biel, Bienne",4\n';
  const params = { key: "city", value: "sales" };
  expect(runLocally(csvGroupBy, data, params)).toEqual([
    { key: "Bern", value: { count: 1, sum: -2, mean: -2, min: -2, max: -2 } },
    { key: "Biel, Bienne", value: { count: 2, sum: 5.5, mean: 2.75, min: 1.5, max: 4 } },
  ]);
  expect(() => runLocally(csvGroupBy, data, { ...params, value: "profit" })).toThrow(/no column/);
  expect(() => runLocally(csvGroupBy, "city,sales\nBern,much", params)).toThrow(/not a number/);
});
