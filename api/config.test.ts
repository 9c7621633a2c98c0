import { expect, test } from "vitest";
import { ConfigError, configHelp, helpText, readConfig } from "./config.ts";

test("an empty environment gives the documented defaults", () => {
  expect(readConfig({ PORT: "" })).toMatchObject({
    port: 8080,
    host: "127.0.0.1",
    runners: 1,
    logLevel: "info",
    redisUrl: undefined,
  });
});

test("all faults are told at once, each with its variable and value", () => {
  const faulty = { PORT: "80a", RUNNERS: "-1", LOG_LEVEL: "loud", REDIS_URL: "localhost" };
  const attempt = () => readConfig(faulty);
  expect(attempt).toThrow(ConfigError);
  for (const [name, value] of Object.entries(faulty)) expect(attempt).toThrow(`${name}=${value}`);
});

test("the store's addresses are understood", () => {
  for (const url of [
    "redis://h:1",
    "rediss://u:p@h",
    "unix:/run/r.sock",
    "redis+cluster://a:1,b:2",
  ])
    expect(readConfig({ REDIS_URL: url }).redisUrl).toBe(url);
});

test("the help names every variable", () => {
  for (const name of Object.keys(configHelp)) expect(helpText()).toContain(name);
});

test("amounts of credits are kept in microcredits", () => {
  expect(readConfig({}).operatorGrantMicro).toBe(1e12);
  expect(readConfig({ SIGNUP_GRANT: "2.000001" }).signUpGrantMicro).toBe(2_000_001);
  expect(readConfig({ SIGNUP_GRANT: "0" }).signUpGrantMicro).toBe(0);
  for (const wrong of ["-1", "NaN", "0.0000001", "1e3", "2000000000"])
    expect(() => readConfig({ SIGNUP_GRANT: wrong })).toThrow(`SIGNUP_GRANT=${wrong}`);
});
