import { describe, expect, test } from "vitest";
import { BlobTokens } from "./blob-token.ts";

describe("blob tokens", () => {
  test("hold for their job until they expire, on any gateway with the secret", () => {
    let now = 1_000.5;
    const clock = () => now;
    const token = new BlobTokens("secret", clock, 100).issue("job_1");
    expect(new BlobTokens("secret", clock).verify(token)).toBe("job_1");
    expect(new BlobTokens("another", clock).verify(token)).toBeUndefined();
    now += 102;
    expect(new BlobTokens("secret", clock).verify(token)).toBeUndefined();
  });

  test("do not hold when anything in them was changed", () => {
    const tokens = new BlobTokens("secret", () => 0);
    const [job, expiry, signature] = tokens.issue("job_1").split(".");
    for (const forged of [
      `job_2.${expiry}.${signature}`,
      `${job}.zzzzzzzzz.${signature}`,
      `${job}.${expiry}.${signature?.slice(1)}a`,
      `${job}.${expiry}`,
      `${job}.${expiry}.${signature}.more`,
      "",
    ]) {
      expect(tokens.verify(forged)).toBeUndefined();
    }
  });
});
