import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signUp, type TestMember } from "../../api/testing/test-api.ts";
import { type Client, createClient } from "../../client/index.ts";
import { InstalledRunner } from "../support/installed-runner.ts";
import { processTree, System, until } from "../support/system.ts";

/**
 * A machine of ada's, from `npm install --global` on: each test goes on where the one before it ended, as its owner
 * would.
 */
let system: System;
let runner: InstalledRunner;
let ada: TestMember;
let client: Client;

beforeAll(async () => {
  system = await System.start({ runner: false });
  ada = await signUp(system.url, "ada");
  client = createClient({ url: system.url, key: ada.key });
  await client.functions.publish({
    name: "length",
    source: `
      import { lines, map } from "sparegrid";
      export default map({ title: "Length", input: lines(), map: (line) => line.length });`,
  });
  runner = await InstalledRunner.from(system.url);
});
afterAll(async () => {
  await runner?.remove();
  await system?.stop();
});

function outputOf(child: ChildProcess): () => string {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (chunk) => {
      output += String(chunk);
    });
  return () => output;
}

const connected = () =>
  until(async () => (await client.runners()).length === 1, "the runner to connect");

async function approve(code: string): Promise<void> {
  await ada.browse(`/v1/device?code=${code}`);
  const approved = await ada.browse("/v1/device/approve", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
  });
  expect(approved.status).toBe(204);
}

test("in the foreground it joins by a code the server that it came from, works, and ends", async () => {
  const child = runner.start("--slots", "1", "--name", "attic");
  const output = outputOf(child);
  await until(async () => output().includes("compare the code"), "the code to be shown");
  const [, link, code] = /Open (\S+code=(\S+))/.exec(output())!;
  expect(link).toBe(`${system.url}/device?code=${code}`);
  await approve(code!);
  await connected();
  expect((await client.runners())[0]).toMatchObject({ name: "attic", owner: "ada", slots: 1 });
  expect((await client.invoke("length", ["ada", ""])).result).toEqual([3, 0]);

  const processes = await processTree(child.pid!);
  child.kill("SIGTERM");
  await once(child, "exit");
  expect(child.exitCode).toBe(0);
  expect(output()).toContain("drained");
  await until(
    async () => (await Promise.all(processes.map(ended))).every(Boolean),
    "its processes to be gone",
  );
});

test("its version says which build it is, and that it runs on the pinned Node", async () => {
  const { dependencies } = JSON.parse(
    await readFile(path.join(import.meta.dirname, "../../package.json"), "utf8"),
  ) as { dependencies: { node: string } };
  const { build } = (await (await fetch(`${system.url}/runner`)).json()) as { build: string };
  const { stdout, code } = await runner.command("--version");
  expect(code).toBe(0);
  expect(stdout).toContain(`build ${build} of ${system.url}, Node ${dependencies.node}`);
});

test("as a service it starts with the key that it has", async () => {
  const said = await runner.command("install");
  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(said.stdout).not.toContain("compare the code");
  expect(await runner.systemctlCalls()).toEqual([
    "--user daemon-reload",
    "--user enable sparegrid-runner.service",
    "--user restart sparegrid-runner.service",
  ]);
  const unit = await readFile(runner.unit, "utf8");
  const [program, ...args] = /^ExecStart=(.+)$/m.exec(unit)![1]!.split(" ");
  const service = runner.startProgram(program!, args);
  await connected();
  expect((await client.runners())[0]).toMatchObject({ name: "attic", owner: "ada" });
  const { page } = JSON.parse(
    await readFile(path.join(runner.dataDir, "running.json"), "utf8"),
  ) as { page: string };
  const script = /src="([^"]+\.js)"/.exec(await (await fetch(page)).text())![1]!;
  expect((await fetch(new URL(script, page))).status).toBe(200);
  service.kill("SIGTERM");
  await once(service, "exit");
  expect(service.exitCode).toBe(0);
});

test("an update takes what the server has, when it is something else", async () => {
  expect((await runner.command("update")).stdout).toMatch(/^This is the runner of /);
  const place = path.join(runner.package, "server.json");
  const current = await readFile(place, "utf8");
  await writeFile(place, JSON.stringify({ url: system.url, build: "of-last-year" }));
  const checked = await runner.command("update", "--check");
  expect(checked.stdout).toContain(`npm install --global --prefix ${runner.prefix}`);
  expect(await readFile(place, "utf8")).toContain("of-last-year");

  const updated = await runner.command("update");
  expect(updated.code, updated.stderr).toBe(0);
  expect(await readFile(place, "utf8")).toBe(current);
  expect(await runner.systemctlCalls()).toContain("--user restart sparegrid-runner.service");
});

test("a key that was revoked ends it for good, and install asks for another", async () => {
  const keys = await client.accounts.keys();
  const key = keys.find(({ name }) => name === "runner attic")!;
  await client.accounts.revokeKey(key.id);
  const said = await runner.command("run");
  expect(said.code).toBe(77);
  expect(said.stdout).toContain("sparegrid-runner join");

  const child = runner.start("install", "--name", "attic");
  const output = outputOf(child);
  await until(async () => output().includes("compare the code"), "the code to be shown");
  await approve(/code=(\S+)/.exec(output())![1]!);
  await once(child, "exit");
  expect(child.exitCode).toBe(0);
});

test("uninstall undoes install, and removes what it keeps only when it is told to", async () => {
  await runner.systemctlCalls();
  await writeFile(path.join(runner.dataDir, "notes.txt"), "of ada's");
  expect((await runner.command("uninstall")).code).toBe(0);
  expect(await runner.systemctlCalls()).toEqual([
    "--user disable --now sparegrid-runner.service",
    "--user daemon-reload",
    "--user reset-failed sparegrid-runner.service",
  ]);
  expect(existsSync(runner.unit)).toBe(false);
  expect(await readdir(runner.dataDir)).toContain("credentials.json");

  const unasked = await runner.command("uninstall", "--purge");
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
  expect(await readdir(runner.dataDir)).toContain("credentials.json");
  expect((await runner.command("uninstall", "--purge", "--yes")).code).toBe(0);
  expect(await readdir(runner.dataDir)).toEqual(["notes.txt"]);
  expect(await runner.systemctlCalls()).toEqual([]);
});

test("what it cannot do it says, with a hint", async () => {
  const wrong = await runner.command("lend");
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("hint: ") });
  const nowhere = await runner.command("run", "--url", "http://127.0.0.1:9");
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toMatch(/does not answer.*\n.*hint: /);
});

async function ended(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat === undefined || stat.slice(stat.lastIndexOf(")") + 2)[0] === "Z";
}
