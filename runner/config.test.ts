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
  const outcome = readConfig(["--url", "ftp://x", "--slots", "0", "--memory", "lots"], {});
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
