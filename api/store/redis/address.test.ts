import { expect, test } from "vitest";
import { parseAddress } from "./address.ts";

test.each([
  ["redis://localhost", { type: "single", options: { host: "localhost", port: 6379 } }],
  [
    "rediss://ann:p%40ss@h:1/2",
    {
      type: "single",
      options: { host: "h", port: 1, db: 2, username: "ann", password: "p@ss", tls: {} },
    },
  ],
  ["redis://[::1]:7000", { type: "single", options: { host: "::1", port: 7000 } }],
  ["unix:/run/redis.sock", { type: "single", options: { path: "/run/redis.sock" } }],
  ["unix:///run/redis.sock", { type: "single", options: { path: "/run/redis.sock" } }],
  [
    "redis+cluster://:secret@a:1,b:2",
    {
      type: "cluster",
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
      options: { password: "secret" },
    },
  ],
  [
    "redis://a,redis://b:2",
    {
      type: "cluster",
      nodes: [
        { host: "a", port: 6379 },
        { host: "b", port: 2 },
      ],
      options: {},
    },
  ],
])("%s", (url, address) => {
  expect(parseAddress(url)).toEqual(address);
});

test("what is not understood is refused, without its password", () => {
  expect(() => parseAddress("http://h")).toThrow(expect.objectContaining({ code: "bad-request" }));
  expect(() => parseAddress("redis://u:secret@h:x")).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("secret") }),
  );
  expect(() => parseAddress("redis://h/db")).toThrow("not understood");
});
