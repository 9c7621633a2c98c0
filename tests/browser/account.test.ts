import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { until } from "../support/system.ts";
import { expectAccessible, phone, Stage, testPassword } from "./stage.ts";

describe.runIf(chromiumInstalled())("one's account, machines and wallet", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({ runner: false });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a key is made, used and revoked; a session that ended is renewed over the form", async () => {
    const ada = await stage.member("ada");
    const { page, context, complaints } = await stage.visit({ as: ada, path: "/account" });
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("<i>laptop</i>");
    await page.getByRole("button", { name: "Make it" }).click();
    const key = (await page.getByLabel("The key").textContent())!.trim();
    const client = createClient({ url: stage.url, key });
    expect((await client.accounts.me()).handle).toBe("ada");
    await page.getByRole("button", { name: "Close" }).click();
    await expectAccessible(page);

    // Elsewhere the session is ended while a form is half filled in.
    await page.getByRole("main").getByLabel("Name", { exact: true }).fill("Ada Lovelace");
    await context.clearCookies();
    await page.getByRole("button", { name: "Save" }).click();
    const again = page.getByRole("dialog", { name: "Your session has ended" });
    await again.getByLabel("Password").fill(testPassword);
    await again.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Saved.").waitFor();
    const me = await client.accounts.me();
    expect(me.name).toBe("Ada Lovelace");

    const row = page.getByRole("row", { name: /laptop/ });
    await row.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await row.waitFor({ state: "detached" });
    await expect(client.accounts.me()).rejects.toMatchObject({ code: "unauthorized" });
    expect(complaints).toEqual([]);
  });

  test("a machine is added: the page sees it connect", async () => {
    const bea = await stage.member("bea");
    const { page, complaints } = await stage.visit({ as: bea, path: "/machines" });
    await page.getByText("No machine is connected").waitFor();
    await page.getByRole("button", { name: "Add a machine" }).first().click();
    const command = page.getByLabel("Commands to run");
    await command.waitFor();
    expect(await command.textContent()).toContain(`npm install --global ${stage.url}/runner.tgz`);
    await expectAccessible(page);
    await stage.system.startRunner({ token: bea.key });
    await page.getByText("is connected.").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByText("slots at work").first().waitFor();
    await expectAccessible(page);
    await stage.system.stopRunner();
    await page.getByText("No machine is connected").waitFor();
    const row = page.getByRole("row").filter({ hasText: "just now" });
    await row.getByText("new").waitFor();
    await expectAccessible(page);
    await row.getByRole("button", { name: "Forget" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Forget" }).click();
    await row.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("the wallet shows what there is and each movement, on a phone too", async () => {
    const cleo = await stage.member("cleo");
    const about = { as: cleo, path: "/wallet", viewport: phone };
    const { page, complaints } = await stage.visit(about);
    const { wallet } = createClient({ url: stage.url, key: cleo.key });
    await until(async () => (await wallet.get()).available === 100, "the grant");
    await page.getByText("+100").waitFor();
    await page.getByLabel("What is shown").selectOption("payouts");
    await page.getByText("Nothing of this kind has moved.").waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });
});
