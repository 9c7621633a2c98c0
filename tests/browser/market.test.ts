import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { stockMarket, trickySource } from "./market.ts";
import { expectAccessible, expectNoSidewaysScroll, phone, Stage } from "./stage.ts";

describe.runIf(chromiumInstalled())("the market", () => {
  let stage: Stage;
  let ada: TestMember;
  beforeAll(async () => {
    stage = await Stage.start();
    ada = await stage.member("ada");
    await stockMarket(stage.url, ada, ["word-count", "grep", "k-means"]);
    const { functions } = createClient({ url: stage.url, key: ada.key });
    await functions.publish({ name: "tricky", source: trickySource, visibility: "public" });
    await functions.change("grep", { visibility: "private" });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a stranger browses, searches as they type, and goes back and forward", async () => {
    const { page, complaints } = await stage.visit({ path: "/" });
    await page.getByRole("link", { name: "Word count" }).waitFor();
    expect(await page.getByRole("link", { name: "Grep" }).count()).toBe(0);

    await page.getByRole("searchbox").pressSequentially("cent", { delay: 30 });
    await page.waitForURL(/\?q=cent$/);
    await page.getByRole("link", { name: "Word count" }).waitFor({ state: "detached" });
    expect(await page.getByRole("link", { name: "k-means" }).count()).toBe(1);

    await page.goBack();
    await page.getByRole("link", { name: "Word count" }).waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("");
    await page.goForward();
    await page.getByRole("link", { name: "Word count" }).waitFor({ state: "detached" });
    expect(await page.getByRole("searchbox").inputValue()).toBe("cent");

    await page.getByRole("searchbox").fill("no such thing");
    await page.getByText("No function fits").waitFor();
    await page.getByRole("link", { name: "Show all functions" }).click();
    await page.getByRole("link", { name: "Word count" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a member finds their private ones, and filters by tag", async () => {
    const { page, complaints } = await stage.visit({ path: "/", as: ada });
    await page.getByRole("link", { name: "Grep" }).waitFor();
    await page.getByRole("link", { name: "#clustering" }).first().click();
    await page.waitForURL(/tag=clustering/);
    await page.getByRole("link", { name: "Grep" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: /clustering.*take away/ }).click();
    await page.getByRole("link", { name: "Mine" }).click();
    await page.waitForURL(/owner=me/);
    await page.getByText("private", { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("markup in a title is shown as it was written, and does nothing", async () => {
    const { page, complaints } = await stage.visit({ path: "/?q=bold" });
    await page.getByText("<b>bold</b>").first().waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("a click with Control opens a function in a tab of its own", async () => {
    const { page, context } = await stage.visit({ path: "/" });
    const opening = context.waitForEvent("page");
    await page.getByRole("link", { name: "Word count" }).click({ modifiers: ["Control"] });
    expect(new URL((await opening).url()).pathname).toBe("/f/ada/word-count");
    expect(new URL(page.url()).pathname).toBe("/");
  });

  test("the introduction stays closed", async () => {
    const { page } = await stage.visit({ path: "/" });
    await page.getByRole("button", { name: "Close this introduction" }).click();
    await page.reload();
    await page.getByRole("link", { name: "Word count" }).waitFor();
    expect(await page.getByText("machines that stand idle").count()).toBe(0);
  });

  test.each(["/", "/?q=nothing+of+the+kind"])(
    "%s is accessible, wide and on a phone",
    async (path) => {
      for (const viewport of [undefined, phone]) {
        const { page } = await stage.visit({ path, ...(viewport ? { viewport } : {}) });
        await page.getByRole("status").or(page.getByText("No function fits")).first().waitFor();
        await page.waitForLoadState("networkidle");
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
      }
    },
  );
});
