import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runnerPageStateSchema, samplesSchema } from "../../protocol/http-runner-page.ts";
import { pageTokenHeader } from "../../protocol/runner-page.ts";
import { RunnerProgram } from "../testing/runner-program.ts";
import { ScriptedGateway } from "../testing/scripted-gateway.ts";

/** A real runner's page, and what other sites' pages in its owner's browser may try. */
let gateway: ScriptedGateway;
let program: RunnerProgram;
beforeAll(async () => {
  gateway = await ScriptedGateway.start({ understands: ["offer"] });
  program = await RunnerProgram.start(["--url", gateway.url, "--token", "token", "--slots", "1"]);
  await gateway.next("hello", 20_000);
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await gateway.close();
});

const pause = JSON.stringify({ until: "1h" });
const state = async () => runnerPageStateSchema.parse((await program.ask("/api/state")).body);
const ours = async () => ({
  "content-type": "application/json",
  origin: program.page!,
  "sec-fetch-site": "same-origin",
  [pageTokenHeader]: await program.token(),
});
const tryPause = async (headers: http.OutgoingHttpHeaders, body = pause) => {
  const answer = await program.ask("/api/pause", { method: "POST", headers, body });
  expect((await state()).paused).toBeNull();
  return answer;
};

describe("another site's page", () => {
  it("that lets its own name point here is not answered at all (DNS rebinding)", async () => {
    for (const host of [
      "evil.example",
      "evil.example:7777",
      "127.0.0.1",
      "127.0.0.1:1",
      "localhost.evil.example",
    ])
      for (const path of ["/", "/api/state", "/api/log", "/api/events"]) {
        const answer = await program.ask(path, { headers: { host } });
        expect([host, path, answer.status]).toEqual([host, path, 403]);
        expect(answer.text).not.toContain("runner-token");
      }
    const port = new URL(program.page!).port;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
      expect((await program.ask("/api/state", { headers: { host } })).status).toBe(200);
  });

  it("cannot change anything from a script: its origin is not ours", async () => {
    const headers = await ours();
    for (const origin of ["https://evil.example", "http://127.0.0.1:1", "null"])
      expect((await tryPause({ ...headers, origin })).body).toMatchObject({ code: "cross-site" });
    for (const site of ["cross-site", "same-site"])
      expect((await tryPause({ ...headers, "sec-fetch-site": site })).status).toBe(403);
  });

  it("cannot change anything by a form, which has no token and is no JSON", async () => {
    const { [pageTokenHeader]: token, ...headers } = await ours();
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await tryPause({ ...headers, ...form }, "until=1h")).status).toBe(401);
    expect((await tryPause({ ...headers, "content-type": "text/plain" })).status).toBe(401);
    // Even with a token that leaked.
    const plain = { ...headers, "content-type": "text/plain", [pageTokenHeader]: token };
    expect((await tryPause(plain)).body).toMatchObject({ code: "bad-request" });
  });

  it("cannot change anything without this start's token, whatever else is right", async () => {
    const { [pageTokenHeader]: token, ...headers } = await ours();
    expect((await tryPause(headers)).body).toMatchObject({ code: "unauthorized" });
    const other = `${token![0] === "a" ? "b" : "a"}${token!.slice(1)}`;
    for (const wrong of [other, "", token!.slice(1), `${token}a`])
      expect((await tryPause({ ...headers, [pageTokenHeader]: wrong })).status).toBe(401);
  });

  it("may link to the page, but not frame it, load from it, or read it", async () => {
    const link = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    const page = await program.ask("/", { headers: link });
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).toMatch(/frame-ancestors 'none'/);
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'/);
    expect(page.headers["x-frame-options"]).toBe("DENY");
    expect(page.headers["cross-origin-resource-policy"]).toBe("same-origin");
    for (const answer of [
      await program.ask("/", { headers: { ...link, "sec-fetch-dest": "iframe" } }),
      await program.ask("/api/state", { headers: link }),
      await program.ask("/api/state", {
        headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      }),
    ])
      expect(answer.status).toBe(403);
    const asked = await program.ask("/api/state", { headers: { origin: "https://evil.example" } });
    expect(asked.status).toBe(403);
    const preflight = await program.ask("/api/pause", {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(403);
    for (const { headers } of [page, asked, preflight])
      expect(headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("cannot fill the runner's memory, nor climb out of the page's folder", async () => {
    const headers = await ours();
    const large = await program
      .ask("/api/settings", {
        method: "PATCH",
        headers: { ...headers, "content-length": 10_000_000 },
        body: "{}",
      })
      .catch((error: Error) => error);
    if (!(large instanceof Error)) expect(large.status).toBe(413);
    for (const path of [
      "/../package.json",
      "/%2e%2e/package.json",
      "/assets/../../package.json",
      "/etc/passwd",
    ])
      expect((await program.ask(path)).status).toBe(404);
  });
});

describe("the page", () => {
  it("tells what the runner is, lends and does", async () => {
    expect(await state()).toMatchObject({
      server: gateway.url,
      connection: { connected: true },
      paused: null,
      terms: { slots: 1, cpuPercent: 100 },
      overridden: ["slots"],
      activity: { busy: 0, slots: 1, leases: [] },
    });
    const { items } = samplesSchema.parse((await program.ask("/api/samples")).body);
    expect(items.length).toBeLessThanOrEqual(300);
    const log = (await program.ask("/api/log?lines=1")).body as { items: { message: string }[] };
    expect(log.items).toHaveLength(1);
  });

  it("pauses and goes on, and the gateway hears of both", async () => {
    const paused = await program.change("POST", "/api/pause", { until: "1h" });
    expect(paused.body).toMatchObject({ paused: { reason: "asked" } });
    await gateway.until(() => gateway.messages("offer").some((offer) => offer.paused));
    await program.change("POST", "/api/resume");
    await gateway.until(() => gateway.messages("offer").at(-1)?.paused === undefined);
    expect((await state()).paused).toBeNull();
    const wrong = await program.change("POST", "/api/pause", { until: "soon" });
    expect(wrong.body).toMatchObject({ code: "bad-request", details: { hint: /1h/ } });
  });

  it("changes settings, says what is wrong with them, and what a flag overrides", async () => {
    const changed = await program.change("PATCH", "/api/settings", {
      cpuPercent: 40,
      slots: 3,
      ask: 2,
    });
    expect(changed.body).toMatchObject({
      settings: { cpuPercent: 40, slots: 3 },
      terms: { cpuPercent: 40, slots: 1 },
      overridden: ["slots"],
    });
    await gateway.until(() => gateway.messages("offer").at(-1)?.ask === 2);
    const wrong = await program.change("PATCH", "/api/settings", { cpuPercent: 0 });
    expect(wrong).toMatchObject({ status: 400, body: { detail: /cpuPercent/ } });
    const unset = await program.change("PATCH", "/api/settings", {
      cpuPercent: null,
      slots: null,
      ask: null,
    });
    expect(unset.body).toMatchObject({ settings: {}, terms: { cpuPercent: 100 } });
  });

  it("heeds the command line and the file within a second, and keeps what held when the file is broken", async () => {
    expect(await program.command("settings", "cpuPercent=30", "pools=own")).toMatchObject({
      code: 0,
    });
    await program.until(async () => (await state()).terms.cpuPercent === 30, "the setting");
    expect((await program.command("status")).output).toMatch(/lends .*30 %/);
    expect(await program.command("settings", "cpuPercent=300")).toMatchObject({
      code: 2,
      output: /cpuPercent/,
    });
    await program.command("pause", "30m");
    await program.until(async () => (await state()).paused !== null, "the pause");
    await program.command("resume");
    await program.until(async () => (await state()).paused === null, "its end");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${program.dataDir}/settings.json`, "{ half a fi");
    await program.until(async () => (await state()).settingsFault !== null, "the fault");
    expect((await state()).terms.cpuPercent).toBe(30);
    await writeFile(`${program.dataDir}/settings.json`, "{}");
    await program.until(async () => (await state()).settingsFault === null, "its end");
  });

  it("streams what changes, the samples of every second, and the log", async () => {
    const seen = new Set<string>();
    const request = http.get(`${program.page}/api/events`, (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        for (const [, event] of chunk.matchAll(/^event: (\w+)$/gm)) seen.add(event!);
      });
    });
    await program.until(() => seen.has("state") && seen.has("sample"), "state and sample");
    await program.change("PATCH", "/api/settings", { cpuPercent: 77 });
    await program.until(() => seen.has("log"), "a line of the log");
    request.destroy();
    await program.change("PATCH", "/api/settings", { cpuPercent: null });
  });
});

it("a second runner takes the next free port, and says so", async () => {
  const { port } = new URL(program.page!);
  await using second = await RunnerProgram.start([
    "--url",
    gateway.url,
    "--token",
    "token",
    "--page",
    port,
  ]);
  expect(second.page).not.toBe(program.page);
  expect(second.output).toContain(`port ${port} was taken`);
});

it("a machine that has not joined shows a page to join by, and waits", async () => {
  await using alone = await RunnerProgram.start(["--url", gateway.url]);
  const { body } = await alone.ask("/api/state");
  expect(runnerPageStateSchema.parse(body)).toMatchObject({
    server: null,
    suggestedServer: gateway.url,
    joining: null,
    activity: null,
  });
  const nowhere = await alone.change("POST", "/api/join", { url: "http://127.0.0.1:1" });
  expect(nowhere.body).toMatchObject({ code: "store-unavailable" });
  const wrong = await alone.change("POST", "/api/join", { url: "ftp://x" });
  expect(wrong.status).toBe(400);
});

it("ends when it is told to, though a tab is open", async () => {
  await using open = await RunnerProgram.start(["--url", gateway.url, "--token", "token"]);
  const tab = http.get(`${open.page}/api/events`, (response) => response.resume());
  tab.on("error", () => {});
  await new Promise((resolve) => tab.once("response", resolve));
  const startedMs = performance.now();
  await open.stop();
  expect(performance.now() - startedMs).toBeLessThan(8_000);
});
