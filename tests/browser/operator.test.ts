import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { stockOperator } from "./operator.ts";
import { expectAccessible, expectNoSidewaysScroll, phone, Stage, type Visitor } from "./stage.ts";

const pages = ["", "/members", "/runners", "/jobs", "/rates", "/payouts", "/campaigns"];

const endless = `import { iterate, items } from "sparegrid";
export default iterate({
  title: "Endless",
  input: items<number>(),
  init: () => 0,
  map(values) {
    let sum = 0;
    for (let i = 0; i < 100_000; i++) sum += i % 7;
    return sum * values.length;
  },
  merge: (a, b) => a + b,
  step: (state, total) => ({ state: state + total, done: false }),
});`;

describe.runIf(chromiumInstalled())("the operator", () => {
  let stage: Stage;
  let visitor: Visitor;
  let campaign: string;
  beforeAll(async () => {
    stage = await Stage.start({ slots: 1 });
    visitor = await stage.visit({ as: await stage.operator(), path: "/operator" });
    ({ campaign } = await stockOperator(stage, visitor));
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("the overview says at once what needs somebody, and verifies the ledger", async () => {
    const { page, complaints } = visitor;
    await page.getByText("2 wait for you.").waitFor();
    await page.getByText("1 runner, 0 of 1 slot at work.").waitFor();
    await page.getByRole("button", { name: "Verify now" }).click();
    await page.getByText(/transfers add up/).waitFor();
    await expectAccessible(page);
    await stage.system.stopRunner();
    await page.getByText("None is connected: jobs would wait.").waitFor();
    await stage.system.startRunner();
    await page.getByText("1 runner, 0 of 1 slot at work.").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a member is found, given more, made to wait, and let in again", async () => {
    const { page, complaints } = visitor;
    const { client } = stage.system;
    await page.getByRole("link", { name: "Members" }).click();
    await page.getByLabel("Search members").fill("da-");
    await page.getByRole("link", { name: "bob-k" }).waitFor({ state: "detached" });
    await expectAccessible(page);
    await page.getByRole("link", { name: "ada-l" }).click();
    await page.getByRole("button", { name: "Change functions" }).click();
    await page.getByLabel("At most").fill("7");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The quota was changed.").waitFor();
    expect((await client.accounts.get("ada-l")).quotas.functions.max).toBe(7);
    await page.getByRole("button", { name: "Change functions" }).click();
    await page.getByRole("button", { name: "As the server has it" }).click();
    await page.getByRole("cell", { name: "500", exact: true }).first().waitFor();

    await page.getByRole("button", { name: "Grant credits" }).click();
    await page.getByLabel("Credits", { exact: true }).fill("12.5");
    await page.getByRole("button", { name: "Grant them" }).click();
    await page.getByText("72.5").waitFor();
    await page.getByRole("button", { name: "Sign-in link" }).click();
    await page.getByRole("button", { name: "Make the link" }).click();
    expect(await page.getByLabel("The link").textContent()).toContain("token=");
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Suspend" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
    await page.getByRole("button", { name: "Reinstate" }).click();
    expect((await client.accounts.get("ada-l")).suspended).toBe(true);
    await page.getByRole("dialog").getByRole("button", { name: "Reinstate" }).click();
    await page.getByRole("button", { name: "Suspend" }).waitFor();
    expect((await client.accounts.get("ada-l")).suspended).toBe(false);
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test("payouts are approved, paid and refused", async () => {
    const { page, complaints } = visitor;
    await page.getByRole("link", { name: "Payout queue" }).click();
    await page.getByRole("button", { name: "Approve the payout of ada-l" }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByRole("button", { name: "Mark the payout of ada-l as paid" }).click();
    await page.getByLabel("Reference of the payment").fill("SEPA-7");
    await page.getByRole("button", { name: "It is paid" }).click();
    await page.getByRole("button", { name: "Refuse the payout of bob-k" }).click();
    await page.getByLabel("Why").fill("no such account");
    await page.getByRole("button", { name: "Refuse it" }).click();
    await page.getByText("Nothing to pay").waitFor();
    await page.getByLabel("Which payouts").selectOption("all");
    await page.getByText("SEPA-7").waitFor();
    await expectAccessible(page);
    const made = await Array.fromAsync(stage.system.client.payouts.listAll());
    expect(made.map(({ state }) => state).toSorted()).toEqual(["paid", "rejected"]);
    expect(complaints).toEqual([]);
  });

  test("a rate is published, a campaign and a job of another are stopped", async () => {
    const { page, complaints } = visitor;
    const { client } = stage.system;
    await page.getByRole("link", { name: "Rates" }).click();
    await page.getByRole("button", { name: "Publish a rate" }).click();
    await page.getByLabel("Currency").fill("chf");
    await page.getByLabel("Money for one credit").fill("0.01");
    await page.getByText("100 credits are 1.00 CHF.").waitFor();
    await page.getByRole("button", { name: "Publish it" }).click();
    await page.getByRole("cell", { name: "CHF", exact: true }).waitFor();
    await expectAccessible(page);

    await page.getByRole("link", { name: "All campaigns" }).click();
    await page.getByRole("button", { name: "Stop Hill tea" }).waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Stop Hill tea" }).click();
    await page.getByLabel("Why").fill("not what it says");
    await page.getByRole("button", { name: "Stop the campaign" }).click();
    await page.getByText("stopped by the operator").waitFor();
    const { stopReason } = await client.campaigns.get(campaign);
    expect(stopReason).toBe("not what it says");

    const maker = createClient({ url: stage.url, key: (await stage.member("maker")).key });
    await maker.functions.publish({ name: "endless", source: endless });
    const job = await maker.jobs.submit({ function: "endless", input: [1] });
    await page.getByRole("link", { name: "All jobs" }).click();
    await page.getByRole("button", { name: `Look at ${job.id}` }).click();
    await page.getByText("Paid so far").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await expectAccessible(page);
    await page.getByRole("button", { name: `Cancel ${job.id}` }).click();
    await page.getByRole("button", { name: "Cancel the job" }).click();
    await page.getByRole("cell", { name: "cancelled" }).waitFor();
    expect((await maker.jobs.get(job.id)).status).toBe("cancelled");
    await page.getByRole("link", { name: "Runners" }).click();
    await page.getByRole("cell", { name: "operator" }).waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test("each page fits a phone; nobody else finds any", async () => {
    const narrow = await stage.visit({ as: await stage.operator(), viewport: phone });
    const other = await stage.visit({ as: await stage.member("nosy") });
    for (const path of pages.map((name) => `/operator${name}`)) {
      await narrow.page.goto(path);
      await narrow.page.getByRole("heading", { level: 1 }).waitFor();
      await narrow.page.getByText("Loading").first().waitFor({ state: "detached" });
      await expectNoSidewaysScroll(narrow.page);
      await other.page.goto(path);
      await other.page.getByText("There is no page at this address").waitFor();
    }
    expect(await other.page.getByText("Operate", { exact: true }).count()).toBe(0);
    expect([...narrow.complaints, ...other.complaints]).toEqual([]);
  });
});
