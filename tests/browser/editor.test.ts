import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { expectAccessible, expectNoSidewaysScroll, phone, Stage, testPassword } from "./stage.ts";

const half = `import { items, map, param } from "sparegrid";

export default map({
  title: "Half",
  input: items<number>(),
  params: { by: param.number(2, { title: "Divided by" }) },
  map(item, { params }) {
    console.log("saw", item);
    return item / params.by;
  },
  example: { input: [2, 4] },
});
`;

/** Puts a whole text in place of what stands in the code. */
async function write(page: Page, text: string, file = "main.ts"): Promise<void> {
  await page.getByLabel(`Source of ${file}`).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}
const typesReady = (page: Page) => page.getByText("TypeScript", { exact: true }).waitFor();
const faultLine = (page: Page) => page.locator(".cm-fault-line");

describe.runIf(chromiumInstalled())("the editor", () => {
  let stage: Stage;
  let ada: TestMember;
  beforeAll(async () => {
    stage = await Stage.start();
    ada = await stage.member("ada");
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a function is written, checked, tried, published, and published again with a diff", async () => {
    const { page, complaints } = await stage.visit({ path: "/", as: ada });
    await page.getByRole("link", { name: "Editor", exact: true }).click();
    await page.getByRole("link", { name: /Count and group/ }).click();
    await typesReady(page);

    // A type error is underlined and says what is wrong.
    await write(page, half.replace("item / params.by", "item / params.bye"));
    const wrong = page.locator(".cm-lintRange-error");
    await wrong.hover();
    await page.getByText("Property 'bye' does not exist").waitFor();

    // Completion knows the parameters, and imports from the SDK.
    await write(page, half.replace("params.by;", "params."));
    await page.getByText("return item / params.").click();
    await page.keyboard.press("End");
    await page.keyboard.press("Control+Space");
    await page.getByRole("option", { name: "by" }).click();
    await page.keyboard.type(";");
    await page.getByText("return item / params.by;").waitFor();
    await wrong.waitFor({ state: "detached" });

    // Tried on its example, then on a sample of one's own.
    await page.keyboard.press("Control+Enter");
    await page.getByText("2 records, on its example.").waitFor();
    await page.getByText("saw 4").waitFor();
    await page.getByText("credits a million records").waitFor();
    await page.getByLabel("Typed in").check();
    await page.getByLabel("Items").fill("[30]");
    await page.getByLabel("Divided by").fill("10");
    await page.getByText("Of what stood here before the last change.").waitFor();
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.getByRole("cell", { name: "3", exact: true }).waitFor();

    await page.keyboard.press("Control+s");
    const dialog = page.getByRole("dialog", { name: "Publish a function" });
    await dialog.getByLabel("Name").fill("half");
    await dialog.getByLabel("Who may find it").selectOption("public");
    await dialog.getByRole("button", { name: "Publish" }).click();
    await page.waitForURL(/\/f\/ada\/half$/);

    // The next version: nothing changed, then something did.
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByLabel("Source of half.ts").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    const next = page.getByRole("dialog", { name: "Publish ada/half" });
    await next.getByText("Nothing changed in the source since version").waitFor();
    expect(await next.getByRole("button", { name: /next version/ }).isDisabled()).toBe(true);
    await next.getByRole("button", { name: "Cancel" }).click();
    await write(page, half.replace('"Half"', '"A half"'), "half.ts");
    await page.getByText("Draft kept on this device").waitFor();
    await page.keyboard.press("Control+s");
    await next.getByText("1 file changed since version").waitFor();
    await next.getByLabel("half.ts as it will be").getByText('"A half"').waitFor();
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: "light" });
    await next.getByRole("button", { name: "Publish the next version" }).click();
    await page.waitForURL(/\/f\/ada\/half$/);
    await page.getByRole("heading", { name: "A half" }).waitFor();

    const { functions } = createClient({ url: stage.url, key: ada.key });
    const made = await functions.get("half");
    expect(made).toMatchObject({ title: "A half", visibility: "public" });
    expect(made.versions).toHaveLength(2);
    // Its draft has become the version.
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByLabel("Source of half.ts").waitFor();
    expect(await page.getByText("Draft kept on this device").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("an error is shown at its line; what does not end is ended, or stopped", async () => {
    const { page, complaints } = await stage.visit({ path: "/new?template=map", as: ada });
    await typesReady(page);
    const throwing = half.replace(
      "return item",
      'if (item === 4) throw new Error("no fours");\n    return item',
    );
    await write(page, throwing);
    await page.getByRole("button", { name: "Try", exact: true }).click();
    const answer = page.getByRole("region", { name: "Try" });
    await answer.getByText("no fours").waitFor();
    expect(await faultLine(page).textContent()).toContain("no fours");
    await answer.getByText("main.ts:9").waitFor();
    await answer.getByText("saw 4").waitFor();
    await answer.getByRole("button", { name: "Show line 9" }).click();
    const focused = () => page.evaluate("document.activeElement.getAttribute('aria-label')");
    await expect.poll(focused).toBe("Source of main.ts");
    // The mark goes with the line that it was about.
    await page.keyboard.press("End");
    await page.keyboard.type(" // no");
    await faultLine(page).waitFor({ state: "detached" });

    await write(page, half.replace("return item", "for (;;) params;\n    return item"));
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await answer.getByText("Stopped.").waitFor();
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await answer.getByText(/used up its fuel|took too long|ran too long/i).waitFor();
    await expectAccessible(page);

    // What the compiler refuses is shown in the dialog, and at its line.
    await page.emulateMedia({ colorScheme: "light" });
    await write(page, half.replace("console.log", 'import("fs"); console.log'));
    await page.keyboard.press("Control+s");
    await page.getByLabel("Name").fill("refused");
    const dialog = page.getByRole("dialog", { name: "Publish a function" });
    await dialog.getByRole("button", { name: "Publish" }).click();
    await dialog.getByText("import() cannot be used in a function").waitFor();
    await dialog.getByRole("button", { name: "Show line 8" }).click();
    expect(await faultLine(page).textContent()).toContain('import("fs")');
    expect(complaints).toEqual([]);
  });

  test("a draft outlives a reload, is shared by two tabs, and is kept when the session ends", async () => {
    const { page, context, complaints } = await stage.visit({
      path: "/new?template=simulate",
      as: ada,
    });
    await write(page, half);
    await page.getByText("Draft kept on this device").waitFor();
    // A click goes to its line from the first one on.
    await page.reload();
    await page.getByLabel("Source of main.ts").waitFor();
    await page.locator(".cm-line", { hasText: 'title: "Half"' }).click();
    expect(await page.locator(".cm-activeLine").textContent()).toContain('title: "Half"');
    await page.goto("/new");
    await page.getByRole("link", { name: /Simulate.*Your draft/ }).click();
    await page.getByText("Your draft, as you left it.").waitFor();
    await page.getByText("return item / params.by;").waitFor();

    const other = await context.newPage();
    await other.goto("/new?template=simulate");
    await write(other, half.replace("Half", "A third"));
    await page.getByText("This draft was changed in another tab").waitFor();
    await page.getByText('"A third"').waitFor();
    await page.getByRole("button", { name: "Bring back mine" }).click();
    await page.getByText('"Half"').waitFor();
    await other.getByText("This draft was changed in another tab").waitFor();
    await other.getByText('"Half"').waitFor();
    await other.close();

    await context.clearCookies();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByLabel("Name").fill("kept");
    await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    const again = page.getByRole("dialog", { name: "Your session has ended" });
    await again.getByLabel("E-mail").fill(ada.email);
    await again.getByLabel("Password").fill(testPassword);
    await again.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(/\/f\/ada\/kept$/);
    expect(complaints).toEqual([]);
  });

  test("several files; a discarded draft; an editor without types", async () => {
    const { page } = await stage.visit({ path: "/account", as: ada });
    await page.route(/types\.worker/, (route) => route.abort());
    await page.goto("/new?template=map");
    await page.getByText("Types are not checked").waitFor();
    const importing = half.replace("item / params.by", "cut(item, params.by)");
    await write(page, `import { cut } from "./lib/cut.ts";\n${importing}`);
    await page.getByRole("button", { name: "Add a file" }).click();
    await page.getByLabel("Path").fill("../cut.ts");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("Name it like lib/distance.ts.").waitFor();
    await page.getByLabel("Path").fill("lib/cut.ts");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await write(page, "export const cut = (n: number, by: number) => n / by;\n", "lib/cut.ts");
    await page.keyboard.press("Control+Enter");
    await page.getByText("2 records, on its example.").waitFor();
    await page.getByRole("button", { name: "Discard draft" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Discard draft" }).click();
    await page.getByLabel("Source of main.ts").getByText("Measure lines").waitFor();
    expect(await page.getByRole("button", { name: "lib/cut.ts" }).count()).toBe(0);
  });

  test("a visitor may write, and is asked in to try and to publish", async () => {
    const { page, complaints } = await stage.visit({ path: "/new?template=map" });
    await typesReady(page);
    const link = page.getByRole("link", { name: "Sign in to try it" });
    expect(await link.getAttribute("href")).toBe("/sign-in?next=%2Fnew%3Ftemplate%3Dmap");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("dialog").getByText("Sign in to publish.").waitFor();
    expect(complaints).toEqual([]);
  });

  test("its pages are accessible, wide and on a phone; by keyboard one comes out of the code", async () => {
    for (const viewport of [undefined, phone]) {
      const { page } = await stage.visit({
        path: "/new",
        as: ada,
        ...(viewport ? { viewport } : {}),
      });
      await page.getByRole("link", { name: /Learn in rounds/ }).waitFor();
      await expectNoSidewaysScroll(page);
      if (!viewport) await expectAccessible(page);
      await page.goto("/new?template=iterate");
      await typesReady(page);
      await page.getByRole("button", { name: "Try", exact: true }).click();
      await page.getByRole("img", { name: /Metrics of 120 rounds/ }).waitFor();
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await page.getByLabel("Source of main.ts").focus();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.closest('.cm-editor')")).toBeNull();
    }
  });
});
