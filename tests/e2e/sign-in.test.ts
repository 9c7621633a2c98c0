import { describe, expect, test } from "vitest";
import { startTestApi, testPassword } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import type { Me, PendingDevice } from "../../protocol/http-accounts.ts";
import { Browser, chromiumInstalled } from "../support/browser.ts";

const shown = (id: string) => `document.getElementById("${id}")?.hidden === false`;
const textOf = (id: string) => `document.getElementById("${id}").textContent`;

describe.runIf(chromiumInstalled())("in a browser", () => {
  test("the operator's link, a password, signing out and in, a device", async () => {
    const api = await startTestApi();
    await using browser = await Browser.start();
    try {
      await browser.open(api.signInUrl!);
      await browser.until(shown("link"));
      expect(await browser.read("location.search")).toBe("");
      await browser.click("#link-form button");
      await browser.until(shown("me"));
      expect(await browser.read(textOf("handle"))).toBe("operator");

      await browser.fill("#password-form [name=email]", "op@example.org");
      await browser.fill("#password-form [name=password]", testPassword);
      await browser.click("#password-form button");
      await browser.until(`${textOf("said")}.includes("is set")`);
      await browser.click("#out-form button");
      await browser.until(shown("in"));

      const client = createClient({ url: api.url });
      const request = { client_id: "test", device_name: "<b>attic</b>", scope: "runners" };
      const code = await client.accounts.beginDevice(request);
      const key = client.accounts.awaitDevice("test", code);
      await browser.open(code.verification_uri_complete);
      await browser.until(`location.pathname === "/sign-in" && ${shown("in")}`);
      await browser.fill("#in-form [name=email]", "op@example.org");
      await browser.fill("#in-form [name=password]", "wrong password");
      await browser.click("#in-form button");
      await browser.until(`${textOf("problem")}.includes("wrong")`);
      await browser.read(`document.querySelector("#in-form [name=password]").value = ""`);
      await browser.fill("#in-form [name=password]", testPassword);
      await browser.click("#in-form button");
      await browser.until(`location.pathname === "/device" && ${shown("decide")}`);
      expect(await browser.read(textOf("code"))).toBe(code.user_code);
      expect(await browser.read(textOf("name"))).toBe(
        "<b>attic</b>" satisfies PendingDevice["name"],
      );
      expect(await browser.read("document.querySelectorAll('#scopes li').length")).toBe(1);
      await browser.click("#approve");
      await browser.until(shown("done"));
      const asked = await api.ask("/v1/me", { headers: { authorization: `Bearer ${await key}` } });
      expect((await asked.json()) as Me).toMatchObject({ handle: "operator", scopes: ["runners"] });
      expect(browser.complaints).toEqual([]);
    } finally {
      await api.end();
    }
  });

  test("signing up, and a link that was used says so", async () => {
    const api = await startTestApi();
    await using browser = await Browser.start();
    try {
      await browser.open(`${api.url}/sign-in#up`);
      await browser.until(shown("up"));
      await browser.fill("#up-form [name=email]", "ada@example.org");
      await browser.fill("#up-form [name=handle]", "ada");
      await browser.fill("#up-form [name=password]", testPassword);
      await browser.click("#up-form button");
      await browser.until(shown("me"));
      expect(api.deps.accounts.byHandle("ada")).toMatchObject({ email: "ada@example.org" });
      await browser.click("#out-form button");
      await browser.until(shown("up"));

      await browser.open(`${api.url}/sign-in?token=made-up`);
      await browser.click("#link-form button");
      await browser.until(`${textOf("problem")}.includes("expired")`);

      await browser.open(`${api.url}/sign-in?next=https://evil.example/`);
      await browser.fill("#in-form [name=email]", "ada@example.org");
      await browser.fill("#in-form [name=password]", testPassword);
      await browser.click("#in-form button");
      await browser.until(shown("me"));
      expect(await browser.read("location.origin")).toBe(api.url);
      expect(browser.complaints).toEqual([]);
    } finally {
      await api.end();
    }
  });
});
