import { Hono } from "hono";
import { expect, it } from "vitest";
import type { ApiEnv } from "./context.ts";
import { PublicAddress } from "./public-address.ts";

async function seen(address: PublicAddress, headers: Record<string, string>): Promise<string> {
  const app = new Hono<ApiEnv>().get("/", (c) => c.text(address.seenBy(c)));
  return await (await app.request("/", { headers })).text();
}

function listening(publicUrl?: string, proxies = 0): PublicAddress {
  const address = new PublicAddress(publicUrl, proxies);
  address.listening("http://127.0.0.1:8080");
  return address;
}

it("is the name that the server was asked for by", async () => {
  for (const host of ["192.0.2.7:8080", "grid.example", "[2001:db8::1]:8080", "my_nas:8080"])
    expect(await seen(listening(), { host })).toBe(`http://${host}`);
});

it("is PUBLIC_URL, whatever name was asked for", async () => {
  const address = listening("https://grid.example");
  expect(address.url).toBe("https://grid.example");
  expect(await seen(address, { host: "other.example" })).toBe("https://grid.example");
});

it("is where the server listens when the name is none", async () => {
  for (const host of ["", "a b", "a/b", "user@host", "host:port", "a?b", "[::1", "host:99999"])
    expect(await seen(listening(), { host })).toBe("http://127.0.0.1:8080");
});

it("is https when a proxy of ours says so, and not when anyone else does", async () => {
  const headers = { host: "grid.example", "x-forwarded-proto": "https" };
  expect(await seen(listening(undefined, 1), headers)).toBe("https://grid.example");
  expect(await seen(listening(), headers)).toBe("http://grid.example");
});
