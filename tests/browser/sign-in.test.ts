import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../client/index.ts";
import type { Me } from "../../protocol/http-accounts.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { expectAccessible, phone, Stage, testPassword } from "./stage.ts";

describe.runIf(chromiumInstalled())("signing in", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({ runner: false });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a new member signs up, signs out, and signs in again", async () => {
    const { page, complaints } = await stage.visit({ path: "/sign-up" });
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Handle").fill("ada");
    await page.getByLabel("Password").fill(testPassword);
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByText("ada", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();

    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Password").fill("wrong password");
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    expect(await page.getByRole("alert").textContent()).toMatch(/wrong/);
    await page.getByLabel("Password").fill(testPassword);
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await page.getByText("ada", { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a sign-in link works once, and leaves the address bar", async () => {
    const { key, url } = stage.system;
    const { url: link } = await createClient({ url, key }).accounts.createLink("operator");
    const { page } = await stage.visit({ path: link });
    await page.getByText("signs you in once").waitFor();
    expect(new URL(page.url()).search).toBe("");
    await page.getByRole("button", { name: "Sign in with this link" }).click();
    await page.getByText("operator", { exact: true }).waitFor();

    const { page: other } = await stage.visit({ path: link });
    await other.getByRole("button", { name: "Sign in with this link" }).click();
    expect(await other.getByRole("alert").textContent()).toMatch(/expired|used/);
  });

  test("a device is approved by its code, after signing in on the same page", async () => {
    const bea = await stage.member("bea");
    const client = createClient({ url: stage.url });
    const request = { client_id: "test", device_name: "<b>attic</b>", scope: "runners" };
    const code = await client.accounts.beginDevice(request);
    const key = client.accounts.awaitDevice("test", code);
    const { page, complaints } = await stage.visit({ path: code.verification_uri_complete });
    await page.getByLabel("E-mail").fill(bea.email);
    await page.getByLabel("Password").fill(testPassword);
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await page.getByText(code.user_code).waitFor();
    expect(await page.getByText("<b>attic</b>").count()).toBe(1);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved.").waitFor();
    const headers = { authorization: `Bearer ${await key}` };
    const me = (await (await fetch(`${stage.url}/v1/me`, { headers })).json()) as Me;
    expect(me).toMatchObject({ handle: "bea", scopes: ["runners"] });
    expect(complaints).toEqual([]);
  });

  test.each(["/sign-in", "/sign-up", "/device", "/nowhere"])(
    "%s is accessible, wide and on a phone",
    async (path) => {
      for (const viewport of [undefined, phone]) {
        const { page } = await stage.visit({ path, ...(viewport ? { viewport } : {}) });
        await page.getByRole("heading", { level: 1 }).waitFor();
        await expectAccessible(page);
      }
    },
  );
});
