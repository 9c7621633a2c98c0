import { expect, it } from "vitest";
import { readConfig } from "./config.ts";

it("flags win over the environment", () => {
  const outcome = readConfig(["--url", "http://a:1", "--slots=3"], {
    SPAREGRID_URL: "http://b",
    SPAREGRID_TOKEN: "t",
    SPAREGRID_MEMORY: "2048",
  });
  expect(outcome).toMatchObject({
    type: "config",
    config: { url: "http://a:1", token: "t", slots: 3, memory: 2048, logLevel: "info" },
  });
});

it("reports all faults together, by flag and variable", () => {
  const wrong = ["--url", "ftp://x", "--slots", "0", "--memory", "lots", "--page", "off"];
  const outcome = readConfig(wrong, {});
  expect(outcome).toEqual({
    type: "faults",
    faults: [
      "--url (SPAREGRID_URL) must be an http or https address",
      "--token (SPAREGRID_TOKEN) is needed",
      "--slots (SPAREGRID_SLOTS) is at least 1",
      "--memory (SPAREGRID_MEMORY) must be a number",
    ],
  });
});

it("knows --help and refuses unknown flags", () => {
  expect(readConfig(["--help"], {})).toEqual({ type: "help" });
  expect(readConfig(["--fast"], {})).toMatchObject({ type: "faults" });
});

it("has a page unless it is told otherwise, and with it needs neither address nor token", () => {
  expect(readConfig([], {})).toMatchObject({ type: "config", config: { page: 7777 } });
  expect(readConfig(["--page", "8000"], {})).toMatchObject({ config: { page: 8000 } });
  expect(readConfig([], { SPAREGRID_PAGE: "off" })).toMatchObject({ type: "faults" });
  expect(readConfig(["--page", "70000"], {})).toEqual({
    type: "faults",
    faults: ["--page (SPAREGRID_PAGE) is a port from 0 to 65535, or off"],
  });
});
