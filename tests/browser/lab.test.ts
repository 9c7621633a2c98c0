import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumInstalled } from "../support/chromium.ts";
import { until } from "../support/system.ts";
import { expectAccessible, phone, Stage } from "./stage.ts";

describe.runIf(chromiumInstalled())("the live lab", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({ env: { STARTER: "1" } });
    const { client } = stage.system;
    await until(
      async () => (await client.functions.get("digits-predict")).name !== "",
      "the starter's functions",
      60_000,
    );
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a network is trained, changed while it runs, asked about a drawn digit, and stepped", async () => {
    const operator = await stage.operator();
    const { page, complaints } = await stage.visit({ as: operator, path: "/lab" });
    await page.getByRole("button", { name: "Train" }).click();
    await page.getByText(/^Round \d{2,}/).waitFor();

    await page.getByLabel("Learning rate", { exact: true }).fill("0.02");
    await page.getByLabel("Learning rate", { exact: true }).press("Enter");
    const jobs = stage.system.client.jobs;
    const [summary] = await Array.fromAsync(jobs.list());
    const job = async () => jobs.get(summary!.id);
    await until(async () => (await job()).paramChanges?.[0]?.round !== undefined, "the change");
    expect((await job()).paramChanges).toMatchObject([{ params: { rate: 0.02 } }]);

    // An upright line: whatever it is taken for, the swarm answers, and the page says how fast.
    const paper = (await page.getByLabel("Draw a digit here").boundingBox())!;
    const x = paper.x + paper.width / 2;
    await page.mouse.move(x, paper.y + 30);
    await page.mouse.down();
    await page.mouse.move(x + 4, paper.y + paper.height - 30, { steps: 12 });
    await page.mouse.up();
    await page.getByText(/answered in/).waitFor();

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "One round" }).waitFor();
    await until(async () => (await job()).status === "paused", "the pause");
    const { round } = await job();
    await page.getByRole("button", { name: "One round" }).click();
    await until(async () => (await job()).round === round + 1, "one more round");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Stop" }).click();
    await until(async () => (await job()).status === "cancelled", "the end");
    expect(complaints).toEqual([]);
  });

  test("clusters move at a pace, and there may be more of them while they do", async () => {
    const operator = await stage.operator();
    const { page, complaints } = await stage.visit({
      as: operator,
      path: "/lab?lab=clusters",
      viewport: phone,
    });
    await page.getByRole("button", { name: "Train" }).click();
    await page.getByRole("img", { name: /nearest of 5 centres/ }).waitFor();
    await page.getByLabel("Clusters", { exact: true }).fill("7");
    await page.getByLabel("Clusters", { exact: true }).press("Enter");
    await page.getByRole("img", { name: /nearest of 7 centres/ }).waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    expect(complaints).toEqual([]);
  });
});
