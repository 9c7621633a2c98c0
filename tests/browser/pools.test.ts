import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestMember } from "../../api/testing/test-api.ts";
import { type Client, createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { linesOf, slowMap } from "../support/functions.ts";
import { until } from "../support/system.ts";
import { expectAccessible, phone, Stage, testPassword } from "./stage.ts";

describe.runIf(chromiumInstalled())("pools", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({ runner: false });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());
  const clientOf = ({ key }: TestMember): Client => createClient({ url: stage.url, key });

  test("one makes a pool and invites by a link, another joins, works for it, earns, and leaves", async () => {
    const [ada, bob] = await Promise.all([stage.member("ada"), stage.member("bob")]);
    const { page, complaints } = await stage.visit({ as: ada, path: "/pools" });
    await page.getByText("You belong to no pool").waitFor();
    await page.getByRole("button", { name: "New pool" }).first().click();
    await page.getByRole("dialog").getByLabel("Name").fill("Lab");
    await page.getByRole("button", { name: "Make it" }).click();
    expect(await page.getByRole("dialog").getByRole("alert").textContent()).toMatch(/lower-case/);
    await page.getByRole("dialog").getByLabel("Name").fill("lab");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("heading", { name: "ada/lab" }).waitFor();
    await page.getByRole("button", { name: "Invite" }).click();
    await expectAccessible(page);
    await page.getByLabel("How many may join by it").fill("2");
    await page.getByRole("button", { name: "Make a link" }).click();
    const link = (await page.getByLabel("The invitation's link").textContent())!.trim();
    expect(link).toMatch(new RegExp(`^${stage.url}/pools/join#sgi_`));
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByText("whoever has its link, 2 uses left").waitFor();

    // Bob follows it without being signed in; the code leaves his address bar and is not lost.
    const bobs = await stage.visit({ path: link, viewport: phone });
    await bobs.page.getByLabel("E-mail").fill(bob.email);
    await bobs.page.getByLabel("Password").fill(testPassword);
    await bobs.page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await bobs.page.getByText("The pool has 1 member").waitFor();
    expect(new URL(bobs.page.url()).hash).toBe("");
    await expectAccessible(bobs.page);
    await bobs.page.getByRole("button", { name: "Accept" }).click();
    await bobs.page.getByRole("heading", { name: "ada/lab" }).waitFor();

    // Whoever has no account makes one, and is where the link led.
    const emma = await stage.visit({ path: link });
    await emma.page.getByRole("link", { name: "Make an account" }).click();
    await emma.page.getByLabel("E-mail").fill("emma@example.org");
    await emma.page.getByLabel("Password").fill(testPassword);
    await emma.page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
    await emma.page.getByText("The pool has 2 members").waitFor();
    await emma.page.getByRole("button", { name: "Decline" }).click();
    await emma.page.getByText("You belong to no pool").waitFor();

    await stage.system.startRunner({ token: bob.key });
    const row = page.getByRole("row", { name: /bob/ });
    await row.getByText("1 machine").waitFor();
    await expectAccessible(page);
    const { functions, datasets, jobs } = clientOf(ada);
    await functions.publish({ name: "slow-map", source: slowMap });
    const { id } = await datasets.upload(linesOf(2_000), { name: "lines", format: "lines" });
    const params = { spin: 20_000 };
    const job = await jobs.submit({ function: "slow-map", dataset: id, params, pool: "lab" });
    expect((await jobs.wait(job.id)).status).toBe("succeeded");
    expect(job.pool).toBe("ada/lab");

    // His machine did it, for credits that stand on his machines and in his wallet.
    await until(async () => (await clientOf(bob).wallet.get()).available > 100, "earnings");
    await bobs.page.goto("/machines");
    const served = bobs.page.getByRole("link", { name: "ada/lab" });
    await served.waitFor();
    await bobs.page.goto("/wallet");
    await bobs.page.getByText("Work of your machine").first().waitFor();

    await bobs.page.goto("/pools");
    await bobs.page.getByRole("link", { name: "ada/lab" }).click();
    await bobs.page.getByRole("button", { name: "Leave" }).click();
    await bobs.page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
    await bobs.page.getByText("You belong to no pool").waitFor();
    await row.waitFor({ state: "detached" });
    await page
      .getByRole("row", { name: /1 use left/ })
      .getByRole("button")
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("None. Invite somebody").waitFor();
    await bobs.page.goto(link);
    await bobs.page
      .getByRole("alert")
      .getByText(/unknown, used up or past its time/)
      .waitFor();
    await stage.system.stopRunner();
    expect([...complaints, ...bobs.complaints, ...emma.complaints]).toEqual([]);
  });

  test("an invitation by handle is accepted, a member removed, the default chosen, the pool renamed and deleted", async () => {
    const [cleo, dora] = await Promise.all([stage.member("cleo"), stage.member("dora")]);
    const pools = clientOf(cleo).pools;
    await Promise.all([pools.create("attic"), pools.create("barn")]);
    const { page, complaints } = await stage.visit({ as: cleo, path: "/pools/cleo/attic" });
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByRole("tab", { name: "By handle" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Handle" }).fill("nobody");
    await dialog.getByRole("button", { name: "Invite" }).click();
    expect(await dialog.getByRole("alert").textContent()).toContain('called "nobody"');
    await dialog.getByRole("textbox", { name: "Handle" }).fill("dora");
    await dialog.getByRole("button", { name: "Invite" }).click();
    await page.getByText("dora is invited.").waitFor();
    await pools.invite("cleo/barn", { handle: "dora" });

    const doras = await stage.visit({ as: dora, path: "/pools" });
    await doras.page.getByRole("button", { name: "Accept cleo/attic" }).waitFor();
    await expectAccessible(doras.page);
    await doras.page.getByRole("button", { name: "Decline cleo/barn" }).click();
    await doras.page.getByText("cleo/barn").waitFor({ state: "detached" });
    await doras.page.getByRole("button", { name: "Accept cleo/attic" }).click();
    await doras.page.getByRole("link", { name: "cleo/attic" }).waitFor();
    await doras.page.getByLabel("Jobs and calls that name no pool").selectOption("cleo/attic");
    await doras.page.getByRole("button", { name: "Save" }).click();
    await doras.page.getByText("Saved.").waitFor();
    expect((await clientOf(dora).accounts.me()).defaultPool).toBe("cleo/attic");

    await page.getByRole("button", { name: "Remove dora" }).click();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("row", { name: /dora/ }).waitFor({ state: "detached" });
    await doras.page.reload();
    await doras.page.getByText("refused").waitFor();

    await page.getByRole("button", { name: "Rename" }).click();
    await dialog.getByLabel("Name").fill("barn");
    await dialog.getByRole("button", { name: "Rename" }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByLabel("Name").fill("cellar");
    await dialog.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("heading", { name: "cleo/cellar" }).waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("link", { name: "cleo/barn" }).waitFor();
    expect((await Array.fromAsync(pools.list())).map(({ name }) => name)).toEqual(["cleo/barn"]);
    expect([...complaints, ...doras.complaints]).toEqual([]);
  });
});
