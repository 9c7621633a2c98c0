import { execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMParser } from "@xmldom/xmldom";
import { parse } from "plist";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchdPlan } from "./launchd.ts";
import type { ServiceProgram } from "./service-plan.ts";
import { systemdPlan } from "./systemd.ts";
import { windowsTaskPlan } from "./windows-task.ts";

/** What service managers read something into, and XML. */
const awkward = `a b%h$HOME"c'd&e<f>\\g`;
let folder: string;
let program: ServiceProgram;
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "runner-services-")), awkward);
  await mkdir(folder);
  program = { node: join(folder, "node"), program: join(folder, "runner.js"), dataDir: folder };
  await writeFile(program.node, '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  await chmod(program.node, 0o755);
});
afterAll(() => rm(join(folder, ".."), { recursive: true }));

const systemd = (system: boolean, more: Partial<ServiceProgram> = {}) =>
  systemdPlan({ ...program, ...more, system, configHome: "/home/ada/.config", user: "ada" });
const lineOf = (unit: string | Uint8Array, key: string) =>
  String(unit)
    .split("\n")
    .find((line) => line.startsWith(`${key}=`))
    ?.slice(key.length + 1);

describe("systemd", () => {
  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

  it("is there to check units with, where every change is checked", () => {
    expect(hasSystemd || process.env.CI === undefined).toBe(true);
  });

  for (const system of [false, true])
    it(`finds nothing wrong with the ${system ? "machine's" : "user's"} unit`, async () => {
      const path = join(folder, "..", "sparegrid-runner.service");
      const plain = { ...program, node: process.execPath };
      for (const each of [program, plain]) {
        await writeFile(path, systemd(system, each).content);
        if (!hasSystemd) continue;
        const args = [...(system ? [] : ["--user"]), "verify", path];
        const env = { ...process.env, XDG_RUNTIME_DIR: join(folder, "..") };
        const { status, stderr } = spawnSync("systemd-analyze", args, { env, encoding: "utf8" });
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      }
    });

  it("tells systemd the paths as they are", () => {
    const plain = systemd(false, { node: "/opt/node", dataDir: "/home/ada/data" });
    expect(lineOf(plain.content, "ReadWritePaths")).toBe("/home/ada/data");
    const start = lineOf(plain.content, "ExecStart")!;
    expect(start).toMatch(/^\/opt\/node ".+runner\.js" run --data-dir \/home\/ada\/data$/);
    // As systemd reads a word: its escapes, then its specifiers and variables.
    const word = /"((?:[^"\\]|\\.)*)"/.exec(start)![1]!;
    const read = word
      .replace(/\\(.)/g, "$1")
      .replaceAll("%%", "%")
      .replaceAll("$$", () => "$");
    expect(read).toBe(program.program);
  });

  it("lets the machine's service write nowhere but in the folder that systemd makes for it", () => {
    const { content, file } = systemd(true, { dataDir: "/var/lib/sparegrid-runner" });
    expect(file).toBe("/etc/systemd/system/sparegrid-runner.service");
    expect(lineOf(content, "DynamicUser")).toBe("yes");
    expect(lineOf(content, "ProtectSystem")).toBe("strict");
    expect(lineOf(content, "StateDirectory")).toBe("sparegrid-runner");
    expect(lineOf(content, "ReadWritePaths")).toBeUndefined();
  });
});

it("is an agent that launchd reads, with the paths as they are", () => {
  const { content, file } = launchdPlan({ ...program, home: "/Users/ada", userId: 501 });
  expect(file).toBe("/Users/ada/Library/LaunchAgents/dev.sparegrid.runner.plist");
  expect(parse(String(content))).toMatchObject({
    Label: "dev.sparegrid.runner",
    ProgramArguments: [
      program.node,
      program.program,
      "run",
      "--data-dir",
      folder,
      "--log-file",
      join(folder, "runner.log"),
    ],
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
  });
});

describe("the scheduled task", () => {
  const paths = {
    node: "C:\\Program Files\\a & b\\node.exe",
    program: "C:\\Users\\ada\\runner.js",
    dataDir: "C:\\Users\\ada\\data\\",
  };
  const { content, start, file } = windowsTaskPlan({ ...paths, user: "ATTIC\\ada & bob" });

  it("is XML in the encoding that it names, for the user who installed it", () => {
    const text = new TextDecoder("utf-16le").decode(content as Uint8Array);
    expect([...(content as Uint8Array).subarray(0, 2)]).toEqual([0xff, 0xfe]);
    const document = new DOMParser({
      onError: (level, message) => {
        throw new Error(`${level}: ${message}`);
      },
    }).parseFromString(text, "text/xml");
    const read = (name: string) => document.getElementsByTagName(name)[0]?.textContent;
    expect(document.documentElement?.namespaceURI).toBe(
      "http://schemas.microsoft.com/windows/2004/02/mit/task",
    );
    expect(read("UserId")).toBe("ATTIC\\ada & bob");
    expect(read("RunLevel")).toBe("LeastPrivilege");
    // A backslash before the closing quote would take it for a letter.
    expect(read("Arguments")).toBe(
      `--headless "${paths.node}" "${paths.program}" "run" "--data-dir" "C:\\Users\\ada\\data\\\\" "--log-file" "C:\\Users\\ada\\data\\runner.log"`,
    );
  });

  it("is made from the file that was written", () => {
    expect(start.map(({ args }) => args)).toContainEqual([
      "/Create",
      "/TN",
      "Sparegrid runner",
      "/XML",
      file,
      "/F",
    ]);
  });
});

it("a program whose name systemd does not take is started all the same", () => {
  const start = lineOf(systemd(false).content, "ExecStart")!;
  expect(start.startsWith("/usr/bin/env ")).toBe(true);
  const said = execFileSync("/usr/bin/env", [program.node, "started"], { encoding: "utf8" });
  expect(said).toBe("started\n");
});
