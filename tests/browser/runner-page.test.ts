import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pageFiles } from "../../api/runners/package/page-files.ts";
import type { Runner } from "../../protocol/http-runners.ts";
import { RunnerProgram } from "../../runner/testing/runner-program.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { until } from "../support/system.ts";
import { expectAccessible, expectNoSidewaysScroll, phone, Stage } from "./stage.ts";

/** A machine's owner, at that machine, with nothing but its page. */
describe.runIf(chromiumInstalled())("the runner's own page", () => {
  let stage: Stage;
  let program: RunnerProgram;
  beforeAll(async () => {
    pageFiles();
    stage = await Stage.start({ runner: false });
    program = await RunnerProgram.start(["--url", stage.url, "--name", "<b>attic</b>"]);
  });
  afterAll(async () => {
    await program?.[Symbol.asyncDispose]();
    await stage?.[Symbol.asyncDispose]();
  });

  test("joins by a code, sets limits, pauses and goes on, and the server knows", async () => {
    const ada = await stage.member("ada");
    const { page, complaints } = await stage.visit({ path: program.page! });
    await page.getByRole("button", { name: "Get a code" }).waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Get a code" }).click();
    const link = page.getByRole("link", { name: /^Open / });
    const address = new URL((await link.getAttribute("href"))!);
    const approval = await stage.visit({ as: ada, path: address.pathname + address.search });
    await approval.page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "<b>attic</b>" }).waitFor();
    await page.getByText("for ada, connected").waitFor();

    const runner = async () => {
      const { body } = await ada.json<{ items: Runner[] }>("/v1/runners");
      return body.items[0];
    };
    await page.getByLabel("Least pay").fill("1.5");
    await page.getByLabel("Least pay").press("Tab");
    await until(async () => (await runner())?.ask === 1.5, "the ask to reach the server");
    await page.getByLabel("Hours of the week").fill("now and then");
    await page.getByLabel("Hours of the week").press("Tab");
    await page.getByText(/is not like "mon-fri/).waitFor();
    await page.getByLabel("Hours of the week").fill("");
    await page.getByLabel("Hours of the week").press("Tab");
    const settings = JSON.parse(
      await readFile(path.join(program.dataDir, "settings.json"), "utf8"),
    );
    expect(settings).toEqual({ ask: 1.5 });

    await page.getByRole("button", { name: "Pause for an hour" }).click();
    await page.getByText(/You paused it. It goes on/).waitFor();
    await until(async () => (await runner())?.state === "paused", "the pause to reach the server");
    expect((await runner())?.paused).toMatchObject({ reason: "asked" });
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause for an hour" }).waitFor();
    await until(async () => (await runner())?.state === "idle", "its end to reach the server");

    await expectAccessible(page);
    await page.setViewportSize(phone);
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  });

  test("follows what the command line and the file say, without being loaded again", async () => {
    const { page, complaints } = await stage.visit({ path: program.page! });
    await page.getByLabel("Processor, %").waitFor();
    await program.command("settings", "cpuPercent=35", "slots=1");
    await expect.poll(() => page.getByLabel("Processor, %").inputValue()).toBe("35");
    await program.command("pause", "2h");
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await program.command("resume");
    await page.getByRole("button", { name: "Pause for an hour" }).waitFor();
    expect(complaints).toEqual([]);
  });
});
