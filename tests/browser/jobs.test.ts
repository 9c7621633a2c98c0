import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumInstalled } from "../support/chromium.ts";
import { until } from "../support/system.ts";
import { expectAccessible, phone, Stage } from "./stage.ts";

const slow = `import { iterate, items, param } from "sparegrid";
export default iterate({
  title: "Slow",
  input: items<number>(),
  params: { rounds: param.integer(5, { min: 1 }), work: param.integer(20_000, { min: 1 }) },
  init: () => 0,
  map(values, _state, { params }) {
    let sum = 0;
    for (let i = 0; i < params.work; i++) sum += i % 7;
    return sum * values.length;
  },
  merge: (a, b) => a + b,
  step: (state, total, { round, params }) => ({
    state: state + total,
    done: round >= params.rounds,
    metrics: { total: state + total },
  }),
});`;
const failing = `import { map, lines } from "sparegrid";
export default map({
  title: "Failing",
  input: lines(),
  map(line) {
    if (line === "b") throw new Error("<b>not this one</b>");
    return line;
  },
});`;

describe.runIf(chromiumInstalled())("jobs", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start();
    const { functions } = stage.system.client;
    await functions.publish({ name: "slow", source: slow });
    await functions.publish({ name: "failing", source: failing });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a job is followed live through a restart of the server, paused, run again, and compared", async () => {
    const { client } = stage.system;
    const input = [1, 2, 3];
    const job = await client.jobs.submit({
      function: "slow",
      input,
      params: { rounds: 1_000_000 },
    });
    const operator = await stage.operator();
    const { page, complaints } = await stage.visit({ as: operator, path: `/jobs/${job.id}` });
    await page.getByRole("img", { name: "total by round" }).waitFor();
    await page.getByRole("img", { name: /^Tasks of this stage/ }).waitFor();

    await stage.system.killApi();
    await page.getByText("Reconnecting").waitFor();
    await stage.system.startApi();
    await page.getByText("Reconnecting").waitFor({ state: "detached" });
    const { round } = await client.jobs.get(job.id);
    await until(async () => (await client.jobs.get(job.id)).round > round, "rounds go on");

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused by you").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel the job" }).click();
    await page.getByRole("button", { name: "Run again" }).click();
    await page.getByLabel("rounds").fill("3");
    await page.getByLabel("rounds").press("Tab");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("heading", { name: "Result" }).waitFor();
    expect(page.url()).not.toContain(job.id);

    await page.goto("/jobs");
    await page.getByRole("checkbox").nth(1).waitFor();
    for (const box of await page.getByRole("checkbox").all()) await box.check();
    await page.getByRole("link", { name: "Compare the two" }).click();
    await page.getByRole("row", { name: /^rounds 3 1000000/ }).waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test("a failure is shown at the author's line, as text", async () => {
    const { client } = stage.system;
    const job = await client.jobs.submit({ function: "failing", input: ["a", "b"] });
    const operator = await stage.operator();
    const about = { as: operator, path: `/jobs/${job.id}`, viewport: phone };
    const { page, complaints } = await stage.visit(about);
    await page.getByText("<b>not this one</b>", { exact: true }).first().waitFor();
    await page.getByText(/^failing\.ts:6:/).waitFor();
    await page.getByLabel("The author's lines").waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test("another member's job is not there", async () => {
    const job = await stage.system.client.jobs.submit({ function: "failing", input: ["a"] });
    const ada = await stage.member("ada");
    const { page } = await stage.visit({ as: ada, path: `/jobs/${job.id}` });
    expect(await page.getByRole("alert").textContent()).toContain("There is no job");
  });
});
