import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { allScopes, type Scope } from "../../protocol/accounts.ts";
import { problemContentType } from "../../protocol/http-common.ts";
import { requests } from "../testing/authorization/requests.ts";
import { made, Scene } from "../testing/authorization/scene.ts";
import { type Asker, askers, type Row, rowsOf, table } from "../testing/authorization/table.ts";
import { post } from "../testing/test-api.ts";

/** Every route of the OpenAPI document, asked by everyone whom the table names. */
interface Described {
  /** An empty one: it may be asked without any. */
  security?: { key?: string[] }[];
}

const rows = rowsOf(table);
let scene: Scene;
let described: Map<string, Described>;
/** ada's keys that are good for everything but one scope; "" for what has none: then for datasets alone. */
const limitedKeys = new Map<Scope | "", string>();

beforeAll(async () => {
  scene = await Scene.open();
  const document = await scene.api.json<{ paths: Record<string, Record<string, Described>> }>(
    "/openapi.json",
  );
  described = new Map(
    Object.entries(document.body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    ),
  );
  for (const lacking of [...allScopes, ""] as const) {
    const scopes = lacking === "" ? ["datasets"] : allScopes.filter((scope) => scope !== lacking);
    const body = { name: `all but ${lacking}`, scopes };
    const { key } = await made<{ key: string }>(scene.ada.json("/v1/keys", post(body)));
    limitedKeys.set(lacking, key);
  }
});
afterEach(() => scene.sweep());
afterAll(() => scene?.api.end());

/** The scope that a key must have, as the document says. */
function scopeOf(route: string): Scope | "" {
  const roles = described.get(route)?.security?.[0]?.key ?? [];
  return allScopes.find((scope) => roles.includes(scope)) ?? "";
}

function isOpen(route: string): boolean {
  const security = described.get(route)?.security;
  return security?.every(({ key }) => key === undefined) ?? false;
}

/** What is public is shown to anyone, and the rest as if it were not there. */
function isForAnyone(route: string): boolean {
  const { security = [] } = described.get(route) ?? {};
  return security.some((scheme) => Object.keys(scheme).length === 0);
}

function credentialsOf(asker: Asker, { route, bySession }: Row): Record<string, string> {
  const { api, ada, bob, operatorCookie } = scene;
  if (asker === "nobody") return {};
  if (asker === "scope") return { authorization: `Bearer ${limitedKeys.get(scopeOf(route))}` };
  const key = { other: bob.key, owner: ada.key, operator: api.key }[asker];
  const cookie = { other: bob.cookie, owner: ada.cookie, operator: operatorCookie }[asker];
  return bySession ? { cookie, origin: api.url } : { authorization: `Bearer ${key}` };
}

async function statusFor(asker: Asker, row: Row): Promise<number> {
  const { path, init } = await requests[row.name]!(scene);
  const headers = { ...credentialsOf(asker, row), ...(init?.headers as object) };
  const response = await fetch(scene.api.url + path, { ...init, headers, redirect: "manual" });
  const text = await response.text();
  if ([401, 403, 404].includes(response.status))
    expect(response.headers.get("content-type"), `${row.name} ${text}`).toBe(problemContentType);
  return response.status;
}

describe("the table", () => {
  test("has every route of the OpenAPI document, and no other", () => {
    expect([...new Set(rows.map(({ route }) => route))].toSorted()).toEqual(
      [...described.keys()].toSorted(),
    );
    expect(Object.keys(requests).toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  });

  test("lets nobody without a key, and none without its scope, into what is not open", () => {
    for (const { name, route, expected } of rows) {
      if (isForAnyone(route)) expect([200, 401, 404], name).toContain(expected.nobody);
      else expect(expected.nobody === 401, name).toBe(!isOpen(route));
      if (scopeOf(route) !== "") expect(expected.scope, name).toBe(403);
    }
  });

  test("lets the operator alone see everyone's", () => {
    for (const { name, expected } of rows.filter((row) => row.name.endsWith("[all]"))) {
      const { other, owner, operator } = expected;
      expect([other, owner], name).toEqual([403, 403]);
      // 409: it is the operator's to see, and there is nothing to see yet.
      expect([200, 409], name).toContain(operator);
    }
  });
});

test("a runner connects with a key that is good for runners", async () => {
  const statusOf = async (key: string | undefined) => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const socket = new WebSocket(`${scene.api.url.replace("http", "ws")}/v1/runner`, { headers });
    const { promise, resolve } = Promise.withResolvers<number>();
    socket.once("unexpected-response", (_, { statusCode = 0 }) => resolve(statusCode));
    socket.once("open", () => resolve(101));
    socket.once("error", () => resolve(0));
    try {
      return await promise;
    } finally {
      socket.terminate();
    }
  };
  const { api, ada, bob } = scene;
  const keys = [undefined, "sgk_wrong", limitedKeys.get("runners"), bob.key, ada.key, api.key];
  const statuses: number[] = [];
  for (const key of keys) statuses.push(await statusOf(key));
  expect(statuses).toEqual([401, 401, 403, 101, 101, 101]);
});

test.each(rows)("$name", async (row) => {
  const found: Row["expected"] = {};
  for (const asker of askers)
    if (row.expected[asker] !== undefined) found[asker] = await statusFor(asker, row);
  expect(found).toEqual(row.expected);
});
