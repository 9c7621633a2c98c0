import { expect, it } from "vitest";
import { readCommandLine } from "./command-line.ts";

it("is run without a command, with the runner's own options passed on", () => {
  expect(readCommandLine([])).toMatchObject({ command: "run", args: [] });
  const args = ["--slots", "4", "--url=https://grid.example", "--log-level", "debug"];
  for (const given of [args, ["run", ...args]])
    expect(readCommandLine(given)).toMatchObject({
      command: "run",
      url: "https://grid.example",
      args,
    });
});

it("reads what each command takes", () => {
  expect(readCommandLine(["install", "--system", "--name", "attic"])).toMatchObject({
    command: "install",
    system: true,
    name: "attic",
    purge: false,
  });
  expect(readCommandLine(["uninstall", "--purge", "--yes"])).toMatchObject({
    purge: true,
    yes: true,
  });
});

it("passes on what its owner says to a runner that runs", () => {
  const args = ["cpuPercent=50", "--data-dir", "/srv/runner"];
  expect(readCommandLine(["settings", ...args])).toMatchObject({
    command: "settings",
    dataDir: "/srv/runner",
    args,
  });
});

it("refuses what a command does not take, and commands that there are not, with a hint", () => {
  for (const args of [
    ["uninstall", "--url", "https://grid.example"],
    ["install", "--slots", "4"],
    ["update", "now"],
    ["remove"],
    ["toString"],
    ["join", "--url"],
  ])
    expect(() => readCommandLine(args)).toThrowError(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining("--help") }),
    );
});
