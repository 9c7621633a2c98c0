import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { alive } from "./testing/processes.ts";
import { ScriptedGateway } from "./testing/scripted-gateway.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Program {
  child: ChildProcess;
  output: () => string;
  exit: Promise<number | null>;
}

async function program(args: string[]): Promise<Program> {
  const dataDir = await mkdtemp(join(tmpdir(), "runner-test-"));
  cleanUps.push(() => rm(dataDir, { recursive: true }));
  const main = new URL("./main.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, "--data-dir", dataDir, ...args], {
    env: { PATH: process.env.PATH, HOME: dataDir, SPAREGRID_PAGE: "off" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  cleanUps.push(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output += String(chunk);
  });
  const exit = once(child, "exit").then(([code]) => code as number | null);
  return { child, output: () => output, exit };
}

async function gateway(token?: string): Promise<ScriptedGateway> {
  const started = await ScriptedGateway.start(token === undefined ? {} : { token });
  cleanUps.push(() => started.close());
  return started;
}

async function childrenOf(pid: number): Promise<number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return listed.trim().split(" ").filter(Boolean).map(Number);
}

it("connects, drains at SIGTERM, exits with 0 and leaves no process behind", async () => {
  const peer = await gateway();
  const { child, output, exit } = await program([
    "--url",
    peer.url,
    "--token",
    "token",
    "--slots",
    "1",
    "--name",
    "my spare box",
  ]);
  const { message } = await peer.next("hello", 20_000);
  expect(message).toMatchObject({ name: "my spare box", slots: 1 });
  const children = await childrenOf(child.pid!);
  expect(children.length).toBeGreaterThan(0);
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
  expect(children.filter(alive)).toEqual([]);
  expect(peer.messages("draining")).toHaveLength(1);
  const lines = output().trim().split("\n");
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toEqual(["connected", expect.stringMatching(/^draining/), "drained"]);
});

it("a second signal ends it at once, with its processes", async () => {
  const peer = await gateway();
  const { child, exit, output } = await program([
    "--url",
    peer.url,
    "--token",
    "token",
    "--slots",
    "1",
  ]);
  await peer.next("hello", 20_000);
  // A gateway that takes nothing more keeps the drain from ending by itself.
  peer.socket!.pause();
  child.kill("SIGTERM");
  await peer.until(() => output().includes("draining"));
  const children = await childrenOf(child.pid!);
  const startedMs = performance.now();
  child.kill("SIGTERM");
  await exit;
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  await peer.until(() => children.filter(alive).length === 0, 2_000);
});

it("tells all that is wrong with its configuration, and exits with 2", async () => {
  const { exit, output } = await program(["--url", "nonsense", "--slots", "0"]);
  expect(await exit).toBe(2);
  expect(output()).toMatch(/--url.*\n--token.*\n--slots/);
});

it("exits with 1 when its token is refused, and says so", async () => {
  const peer = await gateway("another");
  const { exit, output } = await program(["--url", peer.url, "--token", "wrong"]);
  expect(await exit).toBe(1);
  expect(output()).toMatch(/does not accept the token/);
});

it("explains itself", async () => {
  const { exit, output } = await program(["--help"]);
  expect(await exit).toBe(0);
  expect(output()).toMatch(/--slots <n>/);
});
