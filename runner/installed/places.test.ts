import { expect, it } from "vitest";
import { configHomeOf, dataDirOf } from "./places.ts";

it("keeps its things where programs of the system do", () => {
  const ada = { home: "/home/ada", env: {} };
  expect(dataDirOf({ ...ada, platform: "linux" })).toBe("/home/ada/.local/share/sparegrid-runner");
  expect(dataDirOf({ ...ada, platform: "linux", env: { XDG_DATA_HOME: "/data" } })).toBe(
    "/data/sparegrid-runner",
  );
  expect(dataDirOf({ home: "/Users/ada", env: {}, platform: "darwin" })).toBe(
    "/Users/ada/Library/Application Support/sparegrid-runner",
  );
  const windows = { home: "C:\\Users\\ada", platform: "win32" } as const;
  expect(dataDirOf({ ...windows, env: {} })).toBe(
    "C:\\Users\\ada\\AppData\\Local\\sparegrid-runner",
  );
  expect(dataDirOf({ ...windows, env: { LOCALAPPDATA: "D:\\local" } })).toBe(
    "D:\\local\\sparegrid-runner",
  );
});

it("keeps its unit where systemd looks for a user's", () => {
  const linux = { platform: "linux", home: "/home/ada" } as const;
  expect(configHomeOf({ ...linux, env: {} })).toBe("/home/ada/.config");
  expect(configHomeOf({ ...linux, env: { XDG_CONFIG_HOME: "/config" } })).toBe("/config");
});
