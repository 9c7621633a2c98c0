import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { access, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executorEnvironment, prepareLaunch } from "../../sandbox/launch.ts";

interface Told {
  outcomes: Record<string, string>;
  env: Record<string, string>;
  cwd: string;
}

const probePath = fileURLToPath(new URL("./permission-probe.cjs", import.meta.url));
let directory: string;
let told: Told;
let connections = 0;
let datagrams = 0;
let probeBefore: string;

const tcp = createServer((socket) => {
  connections += 1;
  socket.destroy();
});
const udp = createSocket("udp4").on("message", () => {
  datagrams += 1;
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sparegrid-permissions-"));
  await writeFile(join(directory, "secret.txt"), "a secret");
  probeBefore = await readFile(probePath, "utf8");
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  process.env.SPAREGRID_TEST_SECRET = "an environment's secret";
  const { command, args } = await prepareLaunch({}, probePath);
  told = await probe(command, args, executorEnvironment());
});

afterAll(async () => {
  delete process.env.SPAREGRID_TEST_SECRET;
  await rm(directory, { recursive: true, force: true });
  await new Promise((resolve) => tcp.close(resolve));
  await new Promise<void>((resolve) => udp.close(() => resolve()));
});

async function probe(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Told> {
  const tcpPort = (tcp.address() as { port: number }).port;
  const ports = [`${tcpPort}`, `${udp.address().port}`];
  const paths = [join(directory, "secret.txt"), join(directory, "written")];
  const { stdout } = await promisify(execFile)(command, [...args, ...ports, ...paths], {
    env,
    cwd: "/",
    timeout: 60_000,
  });
  return JSON.parse(stdout) as Told;
}

describe("a program under an executor's flags", () => {
  it("is denied everything that it tries", () => {
    expect(Object.keys(told.outcomes).length).toBeGreaterThan(30);
    const allowed = Object.entries(told.outcomes).filter(([, how]) => !how.startsWith("denied: "));
    expect(allowed).toEqual([]);
  });

  it("is denied by permission, not for some other reason", () => {
    const other = Object.entries(told.outcomes).filter(
      ([, how]) => !how.includes("ERR_ACCESS_DENIED"),
    );
    // A module that is switched off, and code from text.
    expect(other.map(([name]) => name)).toEqual([
      "sqlite",
      "sqlite by process.getBuiltinModule",
      "eval",
      "new Function",
    ]);
  });

  it("sees nothing of the environment", () => {
    expect(told.env).toEqual({ TZ: "UTC" });
    expect(told.cwd).toBe("/");
  });

  it("has reached nobody and left nothing", async () => {
    expect({ connections, datagrams }).toEqual({ connections: 0, datagrams: 0 });
    await expect(access(join(directory, "written"))).rejects.toThrow("ENOENT");
    expect(await readFile(probePath, "utf8")).toBe(probeBefore);
  });

  it("would be allowed most of it without them", async () => {
    const copy = join(directory, "probe.cjs");
    await copyFile(probePath, copy);
    const free = await probe(process.execPath, [copy, "no addon"], process.env);
    const allowed = Object.values(free.outcomes).filter((how) => how.startsWith("ALLOWED: "));
    expect(allowed.length).toBeGreaterThan(20);
    expect(connections).toBeGreaterThan(0);
  });
});
