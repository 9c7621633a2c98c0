import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Runner } from "../../protocol/http-runners.ts";
import { RunnerProgram } from "../../runner/testing/runner-program.ts";
import { type System, startSystem, until } from "../support/system.ts";

/** What a machine's owner sets while it works, as the API sees it: a real API and a real runner. */
const spin = `
import { items, map } from "sparegrid";
export default map({
  title: "Spin",
  input: items(),
  map(n: number) {
    let x = 0;
    for (let i = 0; i < 6_000_000; i++) x = (x * 1.0000001 + i * 1e-9) % 1;
    return x + n;
  },
});`;

let system: System;
let program: RunnerProgram;
beforeAll(async () => {
  system = await startSystem({ runner: false });
  await system.client.functions.publish({ name: "spin", source: spin });
  program = await RunnerProgram.start(["--url", system.url, "--token", system.key]);
  await program.until(async () => (await system.client.runners()).length === 1, "the runner");
});
afterAll(async () => {
  await program?.[Symbol.asyncDispose]();
  await system?.stop();
});

const runner = async (): Promise<Runner> => (await system.client.runners())[0]!;
const set = async (...words: string[]) => {
  const { code, output } = await program.command("settings", ...words);
  expect(code, output).toBe(0);
};
const told = (state: Runner["state"], reason?: string) =>
  until(
    async () => {
      const { state: now, paused } = await runner();
      return now === state && paused?.reason === reason;
    },
    `the API to see ${state} ${reason ?? ""}`,
  );
const submit = (count: number) =>
  system.client.jobs.submit({
    function: "spin",
    input: Array.from({ length: count }, (_, i) => i),
    pool: "own",
  });

test("hours that are not now: it hands its work back, says until when, and finishes the job once they are over", async () => {
  const job = await submit(40);
  await until(async () => (await runner()).state === "busy", "work");
  // All days but today and its neighbours: a test that runs at midnight is in none of them either.
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const today = (new Date().getDay() + 6) % 7;
  const far = days[(today + 3) % 7]!;
  await set(`hours=${far}`);
  await told("paused", "hours");
  const { paused } = await runner();
  expect(Date.parse(paused!.until!)).toBeGreaterThan(Date.now() + 86_400_000);
  await until(async () => (await runner()).busy === 0, "what computed to end");
  const { progress } = await system.client.jobs.get(job.id);
  await sleep(500);
  expect((await system.client.jobs.get(job.id)).progress).toEqual(progress);
  await set("hours=");
  await until(async () => (await system.client.jobs.get(job.id)).status === "succeeded", "the job");
});

test("slots, memory and ask change in the same session", async () => {
  const { session } = await runner();
  await set("slots=2", "memoryMb=1500", "ask=1.25");
  await until(async () => (await runner()).slots === 2, "two slots");
  expect(await runner()).toMatchObject({ session, memoryMb: 1500, ask: 1.25 });
  await set("slots=1", "memoryMb=", "ask=");
  await until(async () => (await runner()).slots === 1, "one slot");
  expect(await runner()).toMatchObject({ session, ask: 1 });
});

test("pools that it is not lent to get nothing of it", async () => {
  await set("pools=everyone");
  await until(async () => (await runner()).servesOnly?.[0] === "everyone", "the choice");
  const job = await submit(1);
  await sleep(500);
  expect(await system.client.jobs.get(job.id)).toMatchObject({ status: "queued" });
  await set("pools=");
  await until(async () => (await system.client.jobs.get(job.id)).status === "succeeded", "the job");
});

test("a data volume that is used up: it waits for midnight, over restarts", async () => {
  const now = new Date();
  const day = `${now.getFullYear()}-${now.getMonth() + 1}-${now.getDate()}`;
  await program.stop();
  const used = { day, bytes: 5 * 1024 * 1024 };
  await writeFile(path.join(program.dataDir, "network.json"), JSON.stringify(used));
  await writeFile(path.join(program.dataDir, "settings.json"), '{"networkMbPerDay": 5}');
  program = await RunnerProgram.start(
    ["--url", system.url, "--token", system.key],
    program.dataDir,
  );
  await until(async () => (await system.client.runners()).length === 1, "the runner to be back");
  await told("paused", "network");
  await set("networkMbPerDay=500");
  await told("idle");
});

test("a pause until the next start ends with it", async () => {
  await program.command("pause", "restart");
  await told("paused", "asked");
  await program.stop();
  program = await RunnerProgram.start(
    ["--url", system.url, "--token", system.key],
    program.dataDir,
  );
  await until(async () => (await system.client.runners()).length === 1, "the runner to be back");
  await told("idle");
});
