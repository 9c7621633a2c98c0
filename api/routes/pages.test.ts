import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

test("the documentation has no script, and asks no other host for anything", async () => {
  const response = await fetch(`${api.url}/docs`);
  const html = await response.text();
  const policy = response.headers.get("content-security-policy");
  expect(html).not.toMatch(/<script|\son[a-z]+=|(src|href)="https?:/);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("script-src");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
});
