import { hash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

test.each(["/", "/docs", "/sign-in", "/device"])(
  "%s runs its own script and no other, and asks no other host for anything",
  async (path) => {
    const response = await fetch(`${api.url}${path}`);
    const html = await response.text();
    const policy = response.headers.get("content-security-policy")!;
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
      ([, script]) => script!,
    );
    expect(html).not.toMatch(/<script [^>]|\son[a-z]+=|\/\*(style|script)\*\//);
    for (const script of scripts)
      expect(policy).toContain(`'sha256-${hash("sha256", script, "base64")}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(html.match(/(src|href)="https?:/g)).toBeNull();
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  },
);
