import { chown, mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestApi, type TestApi, type TestMember } from "../api/testing/test-api.ts";
import { beginJoin } from "./join.ts";
import { keepKey, readKey } from "./kept-key.ts";

let api: TestApi;
let ada: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.member("ada");
});
afterAll(() => api.end());

const signal = AbortSignal.timeout(60_000);
const begin = () => beginJoin({ url: api.url, name: "attic", signal });

/** As the page does that the link opens. */
async function decide(code: string, decision: "approve" | "deny"): Promise<void> {
  const shown = await ada.browse(`/v1/device?code=${code}`);
  expect(await shown.json()).toMatchObject({ name: "runner attic", scopes: ["runners"] });
  const decided = await ada.browse(`/v1/device/${decision}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
  });
  expect(decided.status).toBe(204);
}

it("gets a key for lending machines, and nothing else, once someone approves the code", async () => {
  const pending = await begin();
  expect(pending.link).toBe(`${api.url}/device?code=${pending.code}`);
  await decide(pending.code, "approve");
  const key = await pending.key();
  const asked = (path: string) =>
    fetch(api.url + path, { headers: { authorization: `Bearer ${key}` } });
  expect((await asked("/v1/runners")).status).toBe(200);
  expect((await asked("/v1/jobs")).status).toBe(403);
});

it("says so when it was refused", async () => {
  const pending = await begin();
  await decide(pending.code, "deny");
  await expect(pending.key()).rejects.toMatchObject({ code: "access-denied" });
});

it("stops waiting when it is told to", async () => {
  const abort = new AbortController();
  const pending = await beginJoin({ url: api.url, name: "attic", signal: abort.signal });
  const key = pending.key();
  abort.abort(new Error("enough"));
  await expect(key).rejects.toThrow();
});

it("tells an address that is no Sparegrid from one that does not answer", async () => {
  const server = createServer((_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(beginJoin({ url, name: "attic", signal })).rejects.toMatchObject({
    code: "not-found",
  });
  await new Promise((resolve) => server.close(resolve));
  await expect(beginJoin({ url, name: "attic", signal })).rejects.toMatchObject({
    code: "store-unavailable",
  });
});

it("keeps the key for its owner's eyes, whole, and reads it again", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "runner-key-"));
  const nobody = 65_534;
  if (process.getuid!() === 0) await chown(dataDir, nobody, nobody);
  try {
    expect(await readKey(dataDir)).toBeUndefined();
    await keepKey(dataDir, { url: "http://a.example", key: "one" });
    const path = await keepKey(dataDir, { url: "http://b.example", key: "two", name: "b" });
    expect(await readKey(dataDir)).toEqual({ url: "http://b.example", key: "two", name: "b" });
    const { mode, uid } = await stat(path);
    expect(mode & 0o777).toBe(0o600);
    expect(uid).toBe((await stat(dataDir)).uid);
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
