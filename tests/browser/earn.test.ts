import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestMember } from "../../api/testing/test-api.ts";
import { type Client, createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { linesOf, slowMap } from "../support/functions.ts";
import { until } from "../support/system.ts";
import { advertise } from "./earn.ts";
import { expectAccessible, expectNoSidewaysScroll, phone, Stage } from "./stage.ts";

describe.runIf(chromiumInstalled())("earning", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({ runner: false, env: { VIEWS_PER_DAY_MAX: "1" } });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());
  const clientOf = ({ key }: TestMember): Client => createClient({ url: stage.url, key });

  test("a commercial is watched to its credit, which counts only what is shown", async () => {
    const [tea, ada] = await Promise.all([stage.member("tea"), stage.member("ada")]);
    const { page, complaints } = await stage.visit({ as: ada, path: "/earn" });
    await page.getByText("Nothing to watch now").waitFor();
    const { id } = await advertise(stage, tea, { title: "<b>Hill</b> tea", creditsPerView: 0.5 });
    await page.reload();
    await page.getByText("0.5 credits").waitFor();
    await expectAccessible(page);
    const visible: boolean[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/heartbeat"))
        visible.push((request.postDataJSON() as { visible: boolean }).visible);
    });
    await page.getByRole("button", { name: "Watch <b>Hill</b> tea" }).press("Enter");
    await page.getByText(/^[1-4] of 5 s/).waitFor();
    await showTab(page, false);
    await page.getByRole("heading", { name: "Paused" }).waitFor();
    expect(await page.title()).toContain("Paused");
    await until(async () => visible.at(-1) === false, "the server to be told");
    const told = visible.length;
    await expectAccessible(page);
    expect(visible.length).toBe(told);
    await showTab(page, true);
    await page.getByText("It was paused while this tab was hidden.").waitFor();

    await page.getByText("0.5 credits are yours").waitFor();
    await page.getByText("You have 100.5 now.").waitFor();
    expect((await clientOf(ada).wallet.get()).available).toBe(100.5);
    const shell = page.getByRole("navigation", { name: "Main" });
    await shell.getByText("100.5").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Watch another" }).click();
    await page.getByText("That was all for today").waitFor();
    await page.getByText("1 of 1").waitFor();
    await page.getByRole("row", { name: /<b>Hill<\/b> tea/ }).waitFor();
    const campaign = await clientOf(tea).campaigns.get(id);
    expect(campaign).toMatchObject({ spent: 0.5, views: { opened: 1, completed: 1 } });
    expect(complaints).toEqual([]);
  });

  test("a video counts while it plays, and rests while its tab is hidden; another tab takes it over", async () => {
    const [sail, bea] = await Promise.all([stage.member("sail"), stage.member("bea")]);
    const terms = { title: "Sailing", watchSeconds: 120, moves: true };
    await advertise(stage, sail, terms);
    const watch = { name: "Watch Sailing" };
    const first = await stage.visit({ as: bea, path: "/earn", viewport: phone });
    const { page } = first;
    await page.getByRole("button", watch).click();
    // Whoever asked for less motion begins it by themselves.
    await page.getByText("Paused: the video does not play.").waitFor();
    const video = page.locator("video");
    const isPaused = () => page.evaluate<boolean>("document.querySelector('video').paused");
    expect(await isPaused()).toBe(true);
    await video.press("Space");
    await page.getByText(/^[1-9]\d* of 120 s/).waitFor();
    await expectNoSidewaysScroll(page);
    await showTab(page, false);
    await until(isPaused, "the video to rest");
    await showTab(page, true);
    await until(async () => !(await isPaused()), "the video to go on");
    await page.getByText(/^(?:[3-9]|\d\d+) of 120 s/).waitFor();

    const second = await stage.visit({ as: bea, path: "/earn" });
    await second.page.getByRole("button", watch).click();
    await page.getByText("Another view was opened instead of this one.").waitFor();
    await second.page.getByRole("button", { name: "Stop watching" }).click();
    await second.page.getByRole("button", watch).waitFor();
    expect([...first.complaints, ...second.complaints]).toEqual([]);
  });

  test("a payout is asked for, refused with a reason, asked for again and paid; another is withdrawn", async () => {
    const { client } = stage.system;
    const cleo = await stage.member("cleo");
    const { page, complaints } = await stage.visit({ as: cleo, path: "/payouts" });
    await page.getByText("Credits are not exchanged for money here").waitFor();
    const rate = { currency: "EUR", minorPerCredit: 50, minimum: 10, fee: 25 };
    await client.payouts.setRate(rate);
    await page.reload();
    const credits = page.getByLabel("Credits", { exact: true });
    await credits.fill("5");
    await page.getByText("At least 10.").waitFor();
    await credits.fill("40");
    await page.getByText("19.75 EUR").waitFor();
    await page.getByLabel("Pay to").fill("IBAN DE02, Cleo");
    await expectAccessible(page);

    // The operator changes the rate under the form: nobody is paid by another than they saw.
    await client.payouts.setRate({ ...rate, minorPerCredit: 45 });
    const ask = page.getByRole("button", { name: "Ask for it" });
    await ask.click();
    await page.getByText("The rate for EUR has changed.").waitFor();
    await page.getByText("17.75 EUR").waitFor();
    await ask.click();
    await page.getByText("waiting", { exact: true }).waitFor();
    const shell = page.getByRole("navigation", { name: "Main" });
    await shell.getByText("60").waitFor();

    const [asked] = await Array.fromAsync(client.payouts.listAll());
    expect(asked).toMatchObject({ account: "cleo", amount: 1_775, destination: "IBAN DE02, Cleo" });
    await client.payouts.reject(asked!.id, "This IBAN is too short.");
    await page.getByText("This IBAN is too short.").waitFor();
    expect((await clientOf(cleo).wallet.get()).available).toBe(100);
    await credits.fill("60");
    await ask.click();
    await page.getByRole("button", { name: "Withdraw" }).waitFor();
    const [again] = await Array.fromAsync(client.payouts.listAll({ state: "requested" }));
    await client.payouts.pay(again!.id);
    await page.getByText("being paid", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Withdraw" }).count()).toBe(0);
    await client.payouts.pay(again!.id, "SEPA 42");
    await page.getByText("Reference SEPA 42").waitFor();

    await credits.fill("10");
    await ask.click();
    await page.getByRole("button", { name: "Withdraw" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
    await page.getByText("withdrawn", { exact: true }).waitFor();
    await page.setViewportSize(phone);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    expect((await clientOf(cleo).wallet.get()).available).toBe(40);
    expect(complaints).toEqual([]);
  });

  test("a member's machine works for another's job; what it earned is on their pages", async () => {
    const [dora, emil] = await Promise.all([stage.member("dora"), stage.member("emil")]);
    const { functions, datasets, jobs } = clientOf(dora);
    await functions.publish({ name: "slow-map", source: slowMap });
    const { id } = await datasets.upload(linesOf(2_000), { name: "lines", format: "lines" });
    await stage.system.startRunner({ token: emil.key });
    const { page, complaints } = await stage.visit({ as: emil, path: "/machines" });
    await page.getByText("Works for you, everyone").waitFor();
    const job = await jobs.submit({
      function: "slow-map",
      dataset: id,
      params: { spin: 20_000 },
      pool: "everyone",
    });
    const { cost } = await jobs.wait(job.id);
    const { wallet } = clientOf(emil);
    await until(async () => (await wallet.get()).available > 100, "it to be paid");
    const earned = (await wallet.get()).available - 100;
    expect(earned).toBeLessThan(cost + 1);
    await page.reload();
    const today = page.getByText("Today", { exact: true }).locator("xpath=following-sibling::dd");
    await until(async () => Number(await today.textContent()) > 0, "today's earnings");
    await page.getByRole("link", { name: /^Wallet/ }).click();
    await page.getByText("Work of your machine").first().waitFor();
    await page.getByText("Earned in 14 days").waitFor();
    await stage.system.stopRunner();
    expect(complaints).toEqual([]);
  });
});

/** As if another tab came to the front: a browser without a window shows all of them. */
async function showTab(page: Page, shown: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "${shown ? "visible" : "hidden"}" });
    document.dispatchEvent(new Event("visibilitychange"));
  `);
}
