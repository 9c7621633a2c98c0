import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { stockMarket, trickySource } from "./market.ts";
import { expectAccessible, expectNoSidewaysScroll, phone, Stage } from "./stage.ts";

describe.runIf(chromiumInstalled())("a function's page", () => {
  let stage: Stage;
  let ada: TestMember;
  let bob: TestMember;
  beforeAll(async () => {
    stage = await Stage.start();
    ada = await stage.member("ada");
    bob = await stage.member("bob");
    await stockMarket(stage.url, ada, ["word-count", "k-means"]);
    const { functions, datasets } = createClient({ url: stage.url, key: bob.key });
    await functions.publish({ name: "tricky", source: trickySource, visibility: "public" });
    const text = new TextEncoder().encode("call me ishmael\ncall me");
    await datasets.upload(text, { format: "lines", name: "<u>notes</u>" });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a member finds a function, runs it on their dataset, and is taken to the job", async () => {
    const { page, complaints } = await stage.visit({ path: "/", as: bob });
    await page.getByRole("link", { name: "Word count" }).click();
    await page.waitForURL(/\/f\/ada\/word-count$/);
    await page.getByRole("tablist", { name: "About this function" }).waitFor();
    await page.getByText("credits for 10").waitFor();
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/tab=run/);
    await page.getByRole("button", { name: "Run" }).last().click();
    await page.getByText("Choose a dataset.", { exact: true }).waitFor();

    await page.getByRole("button", { name: /Choose a dataset/ }).click();
    await page.getByLabel("Search by name").fill("NOTES");
    await page.getByRole("button", { name: /<u>notes<\/u>/ }).click();
    await page.getByLabel("Letters").selectOption("ascii");
    await page.getByLabel("Budget, credits").fill("1.5");
    const snippet = page.getByLabel("The same request as code");
    expect(await snippet.textContent()).toMatch(
      /sparegrid run ada\/word-count[\s\S]+--dataset ds_[\s\S]+-p letters=ascii[\s\S]+--budget 1.5/,
    );
    await page.getByRole("tab", { name: "Source" }).click();
    await page.getByRole("tab", { name: "Run" }).click();
    expect(await page.getByLabel("Budget, credits").inputValue()).toBe("1.5");
    await page.getByRole("tab", { name: "TypeScript" }).click();
    expect(await snippet.textContent()).toContain('params: { letters: "ascii" }');

    await page.getByRole("button", { name: "Estimate" }).click();
    await page.getByText(/A run would hold|next to nothing/).waitFor();
    await page.getByRole("button", { name: "Run" }).last().click();
    await page.waitForURL(/\/jobs\/job_/);
    const id = new URL(page.url()).pathname.split("/").at(-1)!;
    const { jobs } = createClient({ url: stage.url, key: bob.key });
    expect(await jobs.get(id)).toMatchObject({
      function: "ada/word-count",
      params: { letters: "ascii" },
    });
    expect(complaints).toEqual([]);
  });

  test("a call answers on the page, with how long it took", async () => {
    const { page, complaints } = await stage.visit({ path: "/f/bob/tricky?tab=run", as: ada });
    await page.getByRole("button", { name: "Fill in the example" }).click();
    await page.getByLabel("<i>factor</i>").fill("11");
    await page.getByRole("button", { name: "Call" }).click();
    await page.getByText("At most 10.").waitFor();
    await page.getByLabel("<i>factor</i>").fill("3");
    await page.getByRole("button", { name: "Call" }).click();
    await page.getByText("from here and back").waitFor();
    expect(JSON.parse((await page.getByLabel("The answer").textContent())!)).toEqual([3, 6, 9]);
    expect(complaints).toEqual([]);
  });

  test("a stranger reads everything, and is asked in where it costs", async () => {
    const { page, complaints } = await stage.visit({ path: "/f/ada/k-means" });
    await page.getByRole("tab", { name: "Source" }).click();
    await page.getByLabel("Source of main.ts").getByText("Lloyd 1982").waitFor();
    await page.goBack();
    await page.getByText("credits for 10").waitFor();
    await page.getByRole("tab", { name: "Run" }).click();
    expect(await page.getByRole("link", { name: "Sign in to run it" }).getAttribute("href")).toBe(
      "/sign-in?next=%2Ff%2Fada%2Fk-means%3Ftab%3Drun",
    );
    expect(complaints).toEqual([]);
  });

  test("an owner changes who may find it, and deprecates a version; another forks it", async () => {
    const { page, complaints } = await stage.visit({
      path: "/f/ada/k-means?tab=settings",
      as: ada,
    });
    await page.getByLabel("Royalty").fill("60");
    await page.getByText("A number from 0 to 50.").waitFor();
    await page.getByLabel("Royalty").fill("7.5");
    await page.getByLabel("Tags").fill("centres");
    await page.getByLabel("Readme").fill("# Ein <b>Titel</b>\n\n<script>alert(1)</script>");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "#centres" }).waitFor();
    await page.getByRole("tab", { name: "About" }).click();
    await page.getByText("<script>alert(1)</script>").waitFor();
    await page.getByRole("tab", { name: "Versions" }).click();
    await page.getByRole("button", { name: "Deprecate" }).click();
    await page.getByLabel("Why").fill("use k-medians");
    await page.getByRole("dialog").getByRole("button", { name: "Deprecate" }).click();
    await page.getByText("This version is deprecated").waitFor();
    await page.getByRole("button", { name: "Take back" }).click();
    await page.getByText("This version is deprecated").waitFor({ state: "detached" });
    expect(complaints).toEqual([]);

    const { page: other } = await stage.visit({ path: "/f/ada/k-means", as: bob });
    await other.getByRole("button", { name: "Fork" }).click();
    await other.getByLabel("Name").fill("my-means");
    await other.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
    await other.waitForURL(/\/f\/bob\/my-means$/);
    await other.getByRole("link", { name: "ada/k-means" }).waitFor();

    await other.goto(`${stage.url}/f/bob/my-means?tab=settings`);
    await other.getByRole("button", { name: "Delete…" }).click();
    await other.getByRole("button", { name: "Keep it" }).click();
    await other.getByRole("button", { name: "Delete…" }).click();
    await expectAccessible(other);
    await other.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await other.getByText("bob/my-means is deleted.").waitFor();
    const { functions } = createClient({ url: stage.url, key: bob.key });
    await expect(functions.get("my-means")).rejects.toMatchObject({ code: "not-found" });
  });

  test.each(["?", "?tab=run", "?tab=versions", "?tab=source", "?tab=settings"])(
    "its page %s is accessible, wide and on a phone",
    async (search) => {
      for (const viewport of [undefined, phone]) {
        const { page } = await stage.visit({
          path: `/f/bob/tricky${search}`,
          as: bob,
          ...(viewport ? { viewport } : {}),
        });
        await page.getByRole("tabpanel").first().waitFor();
        await page.waitForLoadState("networkidle");
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
      }
    },
  );
});
