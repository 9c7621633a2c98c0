import { describe, expect, test } from "vitest";
import { BlobTokens } from "./blob-token.ts";

describe("blob tokens", () => {
  test("say to whom and for what they were issued, to any gateway with the secret", () => {
    const token = new BlobTokens("secret").issue("session_1", "job_1");
    const claim = { session: "session_1", subject: "job_1" };
    expect(new BlobTokens("secret").verify(token)).toEqual(claim);
    expect(new BlobTokens("secret").issueCached("session_1", "job_1")).toBe(token);
    expect(new BlobTokens("another").verify(token)).toBeUndefined();
  });

  test("do not hold when anything in them was changed", () => {
    const tokens = new BlobTokens("secret");
    const [session, job, signature] = tokens.issue("session_1", "job_1").split(".");
    for (const forged of [
      `${session}.job_2.${signature}`,
      `session_2.${job}.${signature}`,
      `${session}.${job}.${signature?.slice(1)}a`,
      `${session}.${job}`,
      `${session}.${job}.${signature}.more`,
      "",
    ]) {
      expect(tokens.verify(forged)).toBeUndefined();
    }
  });
});
