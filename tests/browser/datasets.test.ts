import { text } from "node:stream/consumers";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCuttingProxy } from "../../api/testing/cutting-proxy.ts";
import type { TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import { chromiumInstalled } from "../support/chromium.ts";
import { expectAccessible, expectNoSidewaysScroll, phone, Stage } from "./stage.ts";

const bytesPerSecond = 400_000;
const slow = { offline: false, latency: 0, downloadThroughput: -1 };

/** Drags a file of so many lines over the page and lets go of it. */
async function drop(page: Page, name: string, lines: number): Promise<void> {
  const given = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    data.items.add(new File(["0123456789abcdef\\n".repeat(${lines})], ${JSON.stringify(name)}));
    return data;
  })()`);
  const zone = page.locator("[data-drop]");
  for (const type of ["dragenter", "dragover", "drop"])
    await zone.dispatchEvent(type, { dataTransfer: given });
}

/** Makes uploads slow enough to be looked at. */
async function throttle(page: Page, uploadThroughput: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", { ...slow, uploadThroughput });
}

describe.runIf(chromiumInstalled())("datasets", () => {
  let stage: Stage;
  let ada: TestMember;
  const names = async () => {
    const { datasets } = createClient({ url: stage.url, key: ada.key });
    const found: string[] = [];
    for await (const { name } of datasets.list()) found.push(name);
    return found;
  };
  beforeAll(async () => {
    stage = await Stage.start({ runner: false });
    ada = await stage.member("ada");
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  test("a dropped file shows how far it is, is cancelled, and leaves nothing behind", async () => {
    const { page, complaints } = await stage.visit({ path: "/datasets", as: ada });
    await page.getByText("No datasets yet").waitFor();
    await drop(page, "large.txt", 500_000);
    await page.getByText("0123456789abcdef").first().waitFor();
    await throttle(page, bytesPerSecond);
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByText(/[\d.]+ (KB|MB) of 8.5 MB/).waitFor();
    await page.getByText(/\/s/).waitFor();
    await page.getByText(/ left/).waitFor();
    await page.getByRole("button", { name: "Cancel large.txt" }).click();
    expect(await page.getByText("large.txt").count()).toBe(0);
    expect(await names()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("an upload whose network is gone for a while goes on where it was", async () => {
    const proxy = await startCuttingProxy(stage.url);
    const path = `${proxy.url}/datasets`;
    const { page, complaints } = await stage.visit({ path, as: ada });
    await drop(page, "offline.txt", 300_000);
    await throttle(page, bytesPerSecond);
    const from: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") from.push(Number(request.headers()["upload-offset"]));
    });
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByText(/[1-4]\.\d+ MB of 5.1 MB/).waitFor();
    proxy.away(true);
    await page.getByText(/The connection broke at [\d.]+ MB/).waitFor();
    proxy.away(false);
    await page.getByText("Went on where the connection broke.").waitFor();
    await throttle(page, -1);
    await page.getByRole("link", { name: "300,000 records stored" }).waitFor();
    expect(from.length).toBeGreaterThan(0);
    expect(from[0]).toBeGreaterThan(100_000);
    await page.getByRole("link", { name: "300,000 records stored" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/datasets$/);
    expect(complaints).toEqual([]);
    await page.context().close();
    await proxy.stop();
  });

  test("an upload whose server dies says so, and starts again by itself when it is back", async () => {
    const { page, complaints } = await stage.visit({ path: "/datasets", as: ada });
    await drop(page, "broken.txt", 300_000);
    await throttle(page, bytesPerSecond);
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByText(/(KB|MB) of 5.1 MB/).waitFor();
    await stage.system.killApi();
    await page.getByText(/The connection broke at [\d.]+ [KM]B/).waitFor();
    await stage.system.startApi();
    await page.getByText("Starting again").waitFor();
    await throttle(page, -1);
    await page.getByRole("link", { name: "300,000 records stored" }).click();
    await page.getByRole("heading", { name: "broken.txt" }).waitFor();
    expect(await names()).toEqual(["broken.txt"]);
    expect(complaints).toEqual([]);
  });

  test("bad records are told before they are sent; the rest is stored, shown, shared and deleted", async () => {
    // By its bytes: what a path may hold depends on the locale that Chromium runs in.
    const file = {
      name: "<i>leute العدد.csv",
      mimeType: "text/csv",
      buffer: Buffer.from('name,said\nada,"hello, ""you"""\nbob\n<b>cleo</b>,مرحبا\n'),
    };
    const { page, complaints } = await stage.visit({ path: "/datasets", as: ada });
    await page.waitForLoadState("networkidle");
    await page.getByLabel("Files to upload").setInputFiles(file);
    await page.getByText("Line 3: 1 fields, where the header has 2").waitFor();
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Leave bad records out").check();
    await page.getByText("They will be left out.").waitFor();
    await page.getByRole("button", { name: "Upload again" }).click();
    await page.getByRole("link", { name: "2 records stored, 1 left out" }).click();
    await page.getByRole("cell", { name: "<b>cleo</b>" }).waitFor();
    await page.getByLabel("Who may read it").selectOption("public");
    await page.getByText("Saved.").waitFor();

    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    const content = await text(await (await downloading).createReadStream());
    expect(content).toBe('name,said\nada,"hello, ""you"""\n<b>cleo</b>,مرحبا\n');

    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/datasets$/);
    expect(await names()).toEqual(["broken.txt"]);
    expect(complaints).toEqual([]);
  });

  test("their pages are accessible, wide and on a phone", async () => {
    const { datasets } = createClient({ url: stage.url, key: ada.key });
    const made = await datasets.upload(new TextEncoder().encode("x,y\n1,2\n"), {
      format: "matrix",
      name: "long-name-without-any-place-to-break-".repeat(4),
    });
    for (const viewport of [undefined, phone]) {
      const options = { as: ada, ...(viewport ? { viewport } : {}) };
      const { page } = await stage.visit({ path: "/datasets", ...options });
      await drop(page, "notes.txt", 3);
      await page.getByText("0123456789abcdef").first().waitFor();
      await page.getByRole("link", { name: made.name }).waitFor();
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      const { page: one } = await stage.visit({ path: `/datasets/${made.id}`, ...options });
      await one.getByText("Your jobs on it").waitFor();
      await one.waitForLoadState("networkidle");
      await expectAccessible(one);
      await expectNoSidewaysScroll(one);
    }
  });
});
