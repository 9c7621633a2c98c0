import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { credentialsPath } from "./accounts/credentials.ts";
import { sharedModules } from "./testing/shared-modules.ts";
import { post, startTestApi } from "./testing/test-api.ts";

const main = fileURLToPath(new URL("./main.js", import.meta.url));
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-main-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

function run(environment: Record<string, string>, args: string[] = []) {
  const settings = { DATA_DIR: dataDir, RUNNERS: "0", LOG_LEVEL: "warn", HOME: dataDir };
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...settings, ...sharedModules(), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part) => {
      output.text += part;
    });
  return { child, output, exit: once(child, "exit") };
}

test("every fault of the environment is told, and nothing starts", async () => {
  const { output, exit } = run({ PORT: "x", RUNNERS: "many" });
  expect((await exit)[0]).toBe(1);
  expect(output.text).toContain("PORT=x");
  expect(output.text).toContain("RUNNERS=many");
});

test("--help names the variables", async () => {
  const { output, exit } = run({}, ["--help"]);
  expect((await exit)[0]).toBe(0);
  expect(output.text).toContain("JOB_RETENTION_HOURS");
});

test("a port in use is explained", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  try {
    const { output, exit } = run({ PORT: String(port) });
    expect((await exit)[0]).toBe(1);
    expect(output.text).toContain(`Port ${port} of 127.0.0.1 is in use.`);
  } finally {
    taken.close();
  }
});

test("SIGTERM stops the server and keeps the key", async () => {
  const { child, output, exit } = run({ PORT: "0" });
  await expect.poll(() => output.text, { timeout: 20_000 }).toContain("API documentation");
  await expect.poll(() => output.text).toMatch(/\/sign-in\?token=[\w-]{32}\n/);
  const credentials = JSON.parse(await readFile(credentialsPath(dataDir), "utf8"));
  const response = await fetch(`${credentials.url}/v1/jobs`, {
    headers: { authorization: `Bearer ${credentials.key}` },
  });
  expect(response.status).toBe(200);
  child.kill("SIGTERM");
  expect((await exit)[0]).toBe(0);
  const again = await startTestApi({ dataDir });
  expect(again.key).toBe(credentials.key);
  await again.close();
});

test("jobs and functions survive a restart", async () => {
  const first = await startTestApi({ dataDir });
  first.seedFunction("double");
  const { body: job } = await first.json("/v1/jobs", post({ function: "double", input: [1] }));
  await first.close();
  const second = await startTestApi({ dataDir });
  expect((await second.json(`/v1/jobs/${job.id}`)).body).toMatchObject({ status: "queued" });
  expect((await second.json("/v1/functions/double")).status).toBe(200);
  await second.close();
});

test("a stopping server ends event streams and is not ready", async () => {
  const api = await startTestApi({ dataDir });
  api.seedFunction("double");
  const { body: job } = await api.json("/v1/jobs", post({ function: "double", input: [1] }));
  const events = await api.ask(`/v1/jobs/${job.id}/events`);
  const reading = events.text();
  const closing = api.close();
  expect(await reading).toContain('"queued"');
  await closing;
  await expect(api.ask("/readyz")).rejects.toThrow();
});
